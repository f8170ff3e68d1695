// The machine on unknown outcomes and refused rows.
#include "delivery/machine_fixture.hpp"

namespace twinshift::delivery {
namespace {

using base::ErrorKind;
using namespace std::chrono_literals;

TEST_F(MachineTest, AnUnknownOutcomeAsksForTheMarkerBeforeAnythingElse) {
  boot();
  receive(2);
  const auto write = take_write(kPrimary);
  fail(kPrimary, ErrorKind::unknown_outcome);
  EXPECT_FALSE(take_write(kPrimary));
  const auto asked = take<FindMarker>();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].batch->id, write->batch->id);
  step([&](Step& s) {
    machine_->marker_answered(kPrimary, warehouse::Marker{.batch_id = "b", .sent = 2, .inserted = 2}, s);
  });
  commit_next(kSecondary);
  EXPECT_EQ(acknowledged(), 2U);
}

TEST_F(MachineTest, WithoutItsMarkerTheSameBatchIsWrittenAgain) {
  boot();
  receive(2);
  const auto write = take_write(kPrimary);
  fail(kPrimary, ErrorKind::unknown_outcome);
  step([&](Step& s) { machine_->marker_answered(kPrimary, std::optional<warehouse::Marker>(), s); });
  tick(1s);
  const auto again = take_write(kPrimary);
  ASSERT_TRUE(write && again);
  EXPECT_EQ(write->batch->id, again->batch->id);
}

TEST_F(MachineTest, AMarkerOfFewerRowsThanSentSettlesNothing) {
  boot();
  receive(2);
  const auto write = take_write(kPrimary);
  fail(kPrimary, ErrorKind::unknown_outcome);
  step([&](Step& s) {
    machine_->marker_answered(kPrimary, warehouse::Marker{.batch_id = "b", .sent = 2, .inserted = 1}, s);
  });
  const auto again = take_write(kPrimary);
  ASSERT_TRUE(write && again);
  EXPECT_NE(write->batch->id, again->batch->id);
}

TEST_F(MachineTest, ARefusedRowGoesBackWithADelayAndItsNeighboursAreAcknowledged) {
  boot();
  receive(5);
  commit(*take_write(kPrimary), {2});
  commit_next(kSecondary);
  EXPECT_EQ(acknowledged(), 4U);
  const auto released = take<Release>();
  ASSERT_EQ(released.size(), 1U);
  EXPECT_EQ(released[0].receipts.at(0).id, 3);
  EXPECT_GT(released[0].delay, 0ms);
  EXPECT_TRUE(noted(NoteKind::rejected));
}

TEST_F(MachineTest, ARowThatTheSecondaryRefusesIsOwed) {
  boot();
  receive(5);
  commit_next(kPrimary);
  commit(*take_write(kSecondary), {2});
  const auto parks = take<Park>();
  ASSERT_EQ(parks.size(), 1U);
  EXPECT_EQ(parks[0].events.at(0)->key, 3);
  EXPECT_EQ(acknowledged(), 4U);
}

// Answers every write of the primary as a table would that refuses these keys as whole batches. Writes made.
template <class Test>
int refuse_keys(Test& test, const std::vector<std::int64_t>& keys) {
  int writes = 0;
  while (const auto write = test.take_write_public(kPrimary)) {
    ++writes;
    const bool bad = std::ranges::any_of(write->batch->events, [&](const event::EventPtr& event) {
      return std::ranges::find(keys, event->key) != keys.end();
    });
    bad ? test.fail_public(kPrimary, ErrorKind::rejected) : test.commit_public(*write);
  }
  return writes;
}

class BisectionTest : public MachineTest {
 public:
  std::optional<WriteBatch> take_write_public(LaneIndex lane) { return take_write(lane); }
  void fail_public(LaneIndex lane, ErrorKind kind) { fail(lane, kind); }
  void commit_public(const WriteBatch& write) { commit(write); }
};

TEST_F(BisectionTest, ARefusedBatchIsHalvedUntilTheBadRowsStandAlone) {
  boot();
  receive(100);
  const int writes = refuse_keys(*this, {17, 80});
  EXPECT_LE(writes, 30);
  commit_next(kSecondary);
  EXPECT_EQ(acknowledged(), 98U);
  std::vector<std::int64_t> released;
  for (const Release& release : take<Release>()) {
    for (const queue::Receipt& receipt : release.receipts) released.push_back(receipt.id);
  }
  EXPECT_EQ(released, (std::vector<std::int64_t>{17, 80}));
}

TEST_F(BisectionTest, ABatchWhoseRowsAreAllRefusedBlamesTheTable) {
  boot();
  receive(8);
  refuse_keys(*this, {1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_EQ(machine_->state(kPrimary), TargetState::open);
  EXPECT_TRUE(take<Release>().empty());
  EXPECT_TRUE(noted(NoteKind::table_refuses));
  EXPECT_FALSE(noted(NoteKind::rejected));
  EXPECT_EQ(machine_->in_hand(), 8U);
}

TEST_F(BisectionTest, MoreThanOnePercentOfTheLastThousandBlamesTheTable) {
  boot();
  receive(100);
  std::vector<std::int64_t> keys;
  for (std::int64_t key = 5; key <= 60; key += 5) keys.push_back(key);  // 12 of 100
  const int writes = refuse_keys(*this, keys);
  EXPECT_LE(writes, 150);
  EXPECT_EQ(machine_->state(kPrimary), TargetState::open);
  EXPECT_FALSE(noted(NoteKind::rejected));
  EXPECT_TRUE(take<Release>().empty());
}

TEST_F(BisectionTest, KnownBadRowsAreNotCountedAgain) {
  boot();
  std::vector<Arrival> arrivals;
  std::vector<std::int64_t> keys;
  for (int i = 0; i < 30; ++i) {
    arrivals.push_back(arrival(2));
    keys.push_back(arrivals.back().event->key);
  }
  step([&](Step& s) { machine_->received(std::move(arrivals), s); });
  refuse_keys(*this, keys);
  EXPECT_EQ(machine_->state(kPrimary), TargetState::ok);
  std::size_t released = 0;
  for (const Release& release : take<Release>()) released += release.receipts.size();
  EXPECT_EQ(released, 30U);
}

TEST_F(BisectionTest, ALoneBadRowIsBelieved) {
  boot();
  receive(1);
  refuse_keys(*this, {1});
  EXPECT_EQ(take<Release>().size(), 1U);
  EXPECT_EQ(machine_->state(kPrimary), TargetState::ok);
}

}  // namespace
}  // namespace twinshift::delivery
