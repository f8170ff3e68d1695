// Which tries count as retries (tally.hpp): of what was tried before, whole or in parts.
#include "delivery/machine_fixture.hpp"
#include "delivery/tally.hpp"

namespace twinshift::delivery {
namespace {

using base::ErrorKind;
using namespace std::chrono_literals;

// The primary's tries, counted as the conductor counts them.
class RetryTest : public MachineTest {
 protected:
  void fail_counted(ErrorKind kind) {
    ASSERT_TRUE(take_write(kPrimary));
    tally_.failed(flight().tried, kind);
    fail(kPrimary, kind);
  }
  void commit_counted() {
    const auto write = take_write(kPrimary);
    ASSERT_TRUE(write);
    tally_.committed(*flight().batch, flight().tried, 1ms);
    commit(*write);
  }
  [[nodiscard]] const Flight& flight() const { return *machine_->lane(kPrimary).current; }
  void expect_counts(std::uint64_t attempts, std::uint64_t retries, std::uint64_t commits) const {
    EXPECT_EQ(tally_.counts().attempts, attempts);
    EXPECT_EQ(tally_.counts().retries, retries);
    EXPECT_EQ(tally_.counts().commits, commits);
  }

  Tally tally_;
};

TEST_F(RetryTest, TheSameBatchAgainIsOneAndANewBatchIsNone) {
  boot();
  receive(4);
  fail_counted(ErrorKind::unavailable);
  tick(5s);
  commit_counted();
  receive(4);
  commit_counted();
  expect_counts(3, 1, 2);
}

TEST_F(RetryTest, BothHalvesOfABatchThatTookTooLongAre) {
  boot();
  receive(4);
  fail_counted(ErrorKind::unknown_outcome);
  for (int lost = 0; lost < 2; ++lost) {  // the second time that its marker is not there it comes in halves
    ASSERT_EQ(take<FindMarker>().size(), 1U);
    step([&](Step& s) { machine_->marker_answered(kPrimary, std::optional<warehouse::Marker>(), s); });
    tick(5s);
    if (lost == 0) fail_counted(ErrorKind::unknown_outcome);
  }
  ASSERT_EQ(flight().refs.size(), 2U);
  commit_counted();
  commit_counted();
  expect_counts(4, 3, 2);
}

TEST_F(RetryTest, TheHalvesOfARefusedBatchAre) {
  boot();
  receive(4);
  fail_counted(ErrorKind::rejected);
  commit_counted();
  commit_counted();
  expect_counts(3, 2, 2);
}

TEST_F(RetryTest, ABatchThatFindsOutWhichRowsItCommittedWithoutIsOne) {
  boot();
  receive(4);
  fail_counted(ErrorKind::unknown_outcome);
  step([&](Step& s) {
    machine_->marker_answered(kPrimary, warehouse::Marker{.batch_id = "b", .sent = 4, .inserted = 3}, s);
  });
  commit_counted();
  expect_counts(2, 1, 1);
}

}  // namespace
}  // namespace twinshift::delivery
