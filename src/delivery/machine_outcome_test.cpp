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

// What a person asks the database about.
TEST_F(MachineTest, FailuresAreToldByTheDatabasesNameForThem) {
  boot();
  receive(2);
  const auto write = take_write(kPrimary);
  machine_->named(kPrimary, "statement-1");
  fail(kPrimary, ErrorKind::unknown_outcome);
  EXPECT_EQ(noted_statement(NoteKind::failed), "statement-1");
  machine_->named(kPrimary, "");
  step([&](Step& s) { machine_->marker_answered(kPrimary, base::fail(trouble(ErrorKind::unavailable)), s); });
  EXPECT_EQ(noted_statement(NoteKind::failed), write->batch->id);  // it has no name there
  tick(5s);
  machine_->named(kPrimary, "statement-2");
  step([&](Step& s) {
    machine_->marker_answered(kPrimary, warehouse::Marker{.batch_id = "b", .sent = 2, .inserted = 2}, s);
  });
  EXPECT_EQ(noted_statement(NoteKind::settled_by_marker), "statement-2");
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

TEST_F(MachineTest, ARefusedRowIsQuarantinedAndItsNeighboursAreAcknowledged) {
  boot();
  receive(5);
  commit(*take_write(kPrimary), {2});
  commit_next(kSecondary);
  EXPECT_EQ(acknowledged(), 4U);  // the bad one only once it is durable there
  EXPECT_EQ(answer_quarantine(), std::vector<std::int64_t>{3});
  EXPECT_EQ(acknowledged(), 1U);
  EXPECT_TRUE(noted(NoteKind::quarantined));
  EXPECT_EQ(machine_->lane(kPrimary).counts.quarantined, 1U);
}

TEST_F(MachineTest, WhatIsRefusedAfterItWasParkedIsTheBacklogs) {
  setup_.lanes.push_back(setup_.lanes[kSecondary]);
  setup_.lanes.back().name = "third";
  boot();
  receive(2);
  commit_next(kPrimary);
  const auto late = take_write(kSecondary);
  ASSERT_TRUE(late);
  tick(1001ms);
  for (const Park& park : take<Park>()) {  // the third's is still on its way
    if (park.lane == kSecondary) step([&](Step& s) { machine_->parked(kSecondary, park.group, {}, s); });
  }
  commit(*late, {0});
  EXPECT_TRUE(take<PutInQuarantine>().empty());
  EXPECT_EQ(machine_->in_hand(), 2U);
}

TEST_F(MachineTest, WhatTheQuarantineCannotTakeStaysInTheQueue) {
  boot();
  receive(5);
  commit(*take_write(kPrimary), {2});
  commit_next(kSecondary);
  answer_quarantine(false);
  EXPECT_EQ(acknowledged(), 4U);
  const auto released = take<Release>();
  ASSERT_EQ(released.size(), 1U);
  EXPECT_EQ(released[0].receipts.at(0).id, 3);
  EXPECT_GT(released[0].delay, 0ms);
  EXPECT_TRUE(noted(NoteKind::quarantine_failed));
}

TEST_F(MachineTest, ARowThatTheSecondaryRefusesIsQuarantinedForItAlone) {
  boot();
  receive(5);
  commit_next(kPrimary);
  commit(*take_write(kSecondary), {2});
  EXPECT_EQ(acknowledged(), 4U);
  const auto puts = take<PutInQuarantine>();
  ASSERT_EQ(puts.size(), 1U);
  EXPECT_EQ(puts[0].events.at(0).target, "secondary");
  EXPECT_EQ(puts[0].events.at(0).event->key, 3);
  step([&](Step& s) { machine_->quarantined(kSecondary, puts[0].group, {}, s); });
  EXPECT_EQ(acknowledged(), 1U);
}

TEST_F(MachineTest, WhatTheSecondaryRefusesAndTheQuarantineCannotTakeIsOwed) {
  boot();
  receive(5);
  commit_next(kPrimary);
  commit(*take_write(kSecondary), {2});
  answer_quarantine(false);
  const auto parks = take<Park>();
  ASSERT_EQ(parks.size(), 1U);
  EXPECT_EQ(parks[0].events.at(0)->key, 3);
}

TEST_F(MachineTest, TheQuarantinesAnswerStartsTheSecondarysTime) {
  boot();
  receive(2);
  commit(*take_write(kPrimary), {1});
  answer_quarantine();
  tick(1001ms);
  std::size_t parked = 0;
  for (const Park& park : take<Park>()) parked += park.events.size();
  EXPECT_EQ(parked, 2U);  // the secondary owes the quarantined one, too
}

TEST_F(MachineTest, ABatchThatTookTooLongComesAgainInHalves) {
  boot();
  receive(100);
  const auto whole = take_write(kPrimary);
  ASSERT_TRUE(whole);
  fail(kPrimary, ErrorKind::timed_out);
  EXPECT_FALSE(take_write(kPrimary));  // a pause first
  tick(1s);
  const auto first = take_write(kPrimary);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->batch->events.size(), 50U);
  EXPECT_NE(first->batch->id, whole->batch->id);
  fail(kPrimary, ErrorKind::timed_out);
  receive(40);
  tick(2s);
  std::vector<std::size_t> sizes;
  std::size_t rows = 0;
  while (const auto write = take_write(kPrimary)) {
    sizes.push_back(write->batch->events.size());
    rows += sizes.back();
    commit(*write);
  }
  EXPECT_EQ(rows, 140U);  // none lost, none twice
  ASSERT_GE(sizes.size(), 5U);
  EXPECT_EQ(sizes[0], 25U);
  EXPECT_EQ(sizes[1], 25U);
  // The other half is larger than what the cap has grown to: it is halved before it is tried.
  EXPECT_EQ(sizes[2], 25U);
  EXPECT_EQ(sizes[3], 25U);
  EXPECT_LT(sizes[4], 50U);
}

TEST_F(MachineTest, OnlyWhatTakesTooLongIsHalved) {
  boot();
  receive(100);
  const auto whole = take_write(kPrimary);
  fail(kPrimary, ErrorKind::unavailable);
  tick(1s);
  const auto again = take_write(kPrimary);
  ASSERT_TRUE(whole && again);
  EXPECT_EQ(again->batch->id, whole->batch->id);
}

TEST_F(MachineTest, WhatIsLeftOfAHalvedBatchIsParkedToo) {
  boot();
  receive(100);
  commit_next(kPrimary);
  ASSERT_TRUE(take_write(kSecondary));
  fail(kSecondary, ErrorKind::timed_out);
  tick(500ms);
  ASSERT_TRUE(take_write(kSecondary));  // 50 under way, 50 wait
  tick(600ms);
  std::size_t parked = 0;
  for (const Park& park : take<Park>()) parked += park.events.size();
  EXPECT_EQ(parked, 100U);
  answer_parks(true);
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
  EXPECT_EQ(answer_quarantine(), (std::vector<std::int64_t>{17, 80}));
  EXPECT_EQ(acknowledged(), 2U);
  EXPECT_TRUE(take<Release>().empty());
}

TEST_F(BisectionTest, ABatchWhoseRowsAreAllRefusedBlamesTheTable) {
  boot();
  receive(8);
  refuse_keys(*this, {1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_EQ(machine_->state(kPrimary), TargetState::open);
  EXPECT_TRUE(take<Release>().empty());
  EXPECT_TRUE(noted(NoteKind::table_refuses));
  EXPECT_TRUE(noted(NoteKind::breaker_opened));
  EXPECT_TRUE(take<PutInQuarantine>().empty());
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
  EXPECT_TRUE(take<PutInQuarantine>().empty());
  EXPECT_TRUE(take<Release>().empty());
}

// A redelivered event is no known bad one: after a restart in front of a broken table all of them are redelivered.
TEST_F(BisectionTest, RedeliveredRowsCountLikeOthers) {
  boot();
  std::vector<Arrival> arrivals;
  std::vector<std::int64_t> keys;
  for (int i = 0; i < 30; ++i) {
    arrivals.push_back(arrival(2));
    if (i % 2 == 0) keys.push_back(arrivals.back().event->key);
  }
  step([&](Step& s) { machine_->received(std::move(arrivals), s); });
  refuse_keys(*this, keys);
  EXPECT_EQ(machine_->state(kPrimary), TargetState::open);
  EXPECT_TRUE(take<PutInQuarantine>().empty());
}

TEST_F(BisectionTest, ALoneBadRowIsBelievedOnceAnotherWasInserted) {
  boot();
  const Arrival bad = arrival();
  const std::vector<std::int64_t> keys{bad.event->key};
  for (int round = 0; round < 3; ++round) {
    step([&](Step& s) { machine_->received({bad}, s); });
    refuse_keys(*this, keys);
    EXPECT_TRUE(take<PutInQuarantine>().empty()) << round;
    EXPECT_EQ(take<Release>().size(), 1U) << round;
    EXPECT_EQ(machine_->state(kPrimary), TargetState::ok);
  }
  receive(1);
  refuse_keys(*this, keys);
  step([&](Step& s) { machine_->received({bad}, s); });
  refuse_keys(*this, keys);
  EXPECT_EQ(answer_quarantine(), keys);
}

TEST_F(BisectionTest, ALoneRowThatOnlyDuplicatesFollowedIsNotBelieved) {
  boot();
  const Arrival bad = arrival();
  const std::vector<std::int64_t> keys{bad.event->key};
  step([&](Step& s) { machine_->received({bad}, s); });
  refuse_keys(*this, keys);
  receive(1);
  const auto write = take_write(kPrimary);
  ASSERT_TRUE(write);
  warehouse::WriteReport report;
  report.outcomes.assign(1, warehouse::Outcome::duplicate);
  step([&](Step& s) { machine_->written(kPrimary, std::move(report), 1ms, s); });
  step([&](Step& s) { machine_->received({bad}, s); });
  refuse_keys(*this, keys);
  EXPECT_TRUE(take<PutInQuarantine>().empty());
}

TEST_F(BisectionTest, ManyLoneRefusalsBlameTheTable) {
  boot();
  for (int i = 0; i < 11; ++i) {
    receive(1);
    const auto write = take_write(kPrimary);
    ASSERT_TRUE(write);
    fail(kPrimary, ErrorKind::rejected);
  }
  EXPECT_EQ(machine_->state(kPrimary), TargetState::open);
  EXPECT_TRUE(noted(NoteKind::table_refuses));
  EXPECT_TRUE(take<PutInQuarantine>().empty());
}

}  // namespace
}  // namespace twinshift::delivery
