// How a stop ends what is in hand.
#include "delivery/machine_fixture.hpp"

namespace twinshift::delivery {
namespace {

using base::ErrorKind;
using namespace std::chrono_literals;

TEST_F(MachineTest, StoppingReleasesParksAndFinishesWhatIsUnderWay) {
  boot();
  receive(3);
  const auto primary = take_write(kPrimary);
  const auto secondary = take_write(kSecondary);
  receive(2);
  step([&](Step& s) { machine_->stop(s); });
  std::size_t released = 0;
  for (const Release& release : take<Release>()) released += release.receipts.size();
  EXPECT_EQ(released, 2U);  // not yet begun
  EXPECT_EQ(machine_->room_rows(), 0U);
  commit(*primary);
  EXPECT_FALSE(machine_->finished());
  fail(kSecondary, ErrorKind::unavailable);
  answer_parks(true);
  EXPECT_EQ(acknowledged(), 3U);
  EXPECT_TRUE(machine_->finished());
  EXPECT_FALSE(take_write(kPrimary));
}

// What a secondary has and the primary has not would come again, and be counted once more where the secondary is
// switched off by then.
TEST_F(MachineTest, StoppingLetsAPrimaryThatIsWellHaveWhatIsInHand) {
  boot();
  receive(3);
  const auto first = take_write(kPrimary);
  commit_next(kSecondary);
  receive(2);
  commit_next(kSecondary);
  step([&](Step& s) { machine_->stop(s, s.now + 2s); });
  EXPECT_EQ(machine_->room_rows(), 0U);
  commit(*first);
  EXPECT_FALSE(machine_->finished());
  commit_next(kPrimary);
  EXPECT_TRUE(take<Release>().empty());
  EXPECT_EQ(acknowledged(), 5U);
  EXPECT_TRUE(machine_->finished());
}

TEST_F(MachineTest, StoppingWaitsForNoPrimaryThatIsNotWell) {
  boot();
  receive(3);
  const auto first = take_write(kPrimary);
  receive(2);
  step([&](Step& s) { machine_->stop(s, s.now + 2s); });
  EXPECT_TRUE(take<Release>().empty());
  fail(kPrimary, ErrorKind::unavailable);
  std::size_t released = 0;
  for (const Release& release : take<Release>()) released += release.receipts.size();
  EXPECT_EQ(released, 5U);
}

TEST_F(MachineTest, StoppingWaitsForAPrimaryNoLongerThanItMay) {
  boot();
  receive(3);
  const auto first = take_write(kPrimary);
  receive(2);
  step([&](Step& s) { machine_->stop(s, s.now + 300ms); });
  tick(299ms);
  EXPECT_TRUE(take<Release>().empty());
  tick(1ms);
  ASSERT_EQ(take<Release>().size(), 1U);
  commit(*first);
  EXPECT_FALSE(take_write(kPrimary));
}

TEST_F(MachineTest, GivingUpReleasesTheRest) {
  boot();
  receive(3);
  step([&](Step& s) { machine_->stop(s); });
  EXPECT_FALSE(machine_->finished());
  step([&](Step& s) { machine_->give_up(s); });
  EXPECT_TRUE(machine_->finished());
  ASSERT_EQ(take<Release>().size(), 1U);
  commit_next(kPrimary);  // too late: nothing of it is acknowledged
  EXPECT_EQ(acknowledged(), 0U);
}

}  // namespace
}  // namespace twinshift::delivery
