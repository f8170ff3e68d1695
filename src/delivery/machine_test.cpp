// The machine, stepped call by call: each rule of delivery stands here as one test.
#include "delivery/machine.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace twinshift::delivery {
namespace {

using base::ErrorKind;
using warehouse::Outcome;
using namespace std::chrono_literals;

constexpr LaneIndex kPrimary = 0;
constexpr LaneIndex kSecondary = 1;

base::Error trouble(ErrorKind kind) {
  return {kind, "trouble", "test", {}};
}

class MachineTest : public testing::Test {
 protected:
  MachineTest() {
    for (const bool primary : {true, false}) {
      LaneSetup lane{.name = primary ? "primary" : "secondary", .is_primary = primary, .has_backlog = !primary};
      lane.limits.batch_rows_max = 100;
      lane.limits.batch_age_max = 0ms;
      lane.limits.budget_rows_max = 300;
      lane.limits.breaker_failures_max = 3;
      setup_.lanes.push_back(lane);
    }
    setup_.flow.hold_rows_max = 400;
    setup_.mint_batch_id = [this] { return fmt::format("b{}", ++ids_); };
  }

  // Both targets greeted, the secondary's backlog found empty.
  void boot() {
    machine_ = std::make_unique<Machine>(setup_);
    tick();
    for (LaneIndex lane = 0; lane < setup_.lanes.size(); ++lane) {
      step([&](Step& s) { machine_->probed(lane, {}, s); });
    }
    for (LaneIndex lane = 0; lane < setup_.lanes.size(); ++lane) answer_fetch(lane);
    actions_.clear();
  }

  template <class Input>
  void step(Input input) {
    Step s{.now = now_};
    input(s);
    std::ranges::move(s.actions, std::back_inserter(actions_));
  }
  void tick(std::chrono::milliseconds after = 0ms) {
    now_ += after;
    step([&](Step& s) { machine_->tick(s); });
  }

  Arrival arrival(std::uint32_t attempt = 1) {
    auto event = std::make_shared<event::Event>();
    event->key = ++receipts_;
    return {.event = std::move(event),
            .receipt = {.id = receipts_, .generation = 1, .handle = {}},
            .attempt = attempt,
            .deadline = now_ + 60s};
  }
  void receive(std::size_t rows) {
    std::vector<Arrival> arrivals;
    for (std::size_t i = 0; i < rows; ++i) arrivals.push_back(arrival());
    step([&](Step& s) { machine_->received(std::move(arrivals), s); });
  }

  // The actions of one type since the last time, taken out.
  template <class T>
  std::vector<T> take() {
    std::vector<T> out;
    std::erase_if(actions_, [&](const Action& action) {
      const T* found = std::get_if<T>(&action);
      if (found != nullptr) out.push_back(*found);
      return found != nullptr;
    });
    return out;
  }
  std::optional<WriteBatch> take_write(LaneIndex lane) {
    std::optional<WriteBatch> out;
    std::erase_if(actions_, [&](const Action& action) {
      const auto* write = std::get_if<WriteBatch>(&action);
      if (write == nullptr || write->lane != lane || out) return false;
      out = *write;
      return true;
    });
    return out;
  }
  std::size_t acknowledged() {
    std::size_t rows = 0;
    for (const Acknowledge& each : take<Acknowledge>()) rows += each.receipts.size();
    return rows;
  }
  bool noted(NoteKind kind) {
    return std::ranges::any_of(actions_, [&](const Action& action) {
      const Note* note = std::get_if<Note>(&action);
      return note != nullptr && note->kind == kind;
    });
  }

  void commit(const WriteBatch& write, std::vector<std::size_t> rejected = {}) {
    warehouse::WriteReport report;
    report.outcomes.assign(write.batch->events.size(), Outcome::written);
    report.reasons.resize(report.outcomes.size());
    for (const std::size_t row : rejected) report.outcomes[row] = Outcome::rejected;
    step([&](Step& s) { machine_->written(write.lane, std::move(report), 1ms, s); });
  }
  void commit_next(LaneIndex lane) {
    const auto write = take_write(lane);
    ASSERT_TRUE(write);
    commit(*write);
  }
  void fail(LaneIndex lane, ErrorKind kind) {
    step([&](Step& s) { machine_->written(lane, base::fail(trouble(kind)), 1ms, s); });
  }
  void fail_next(LaneIndex lane, ErrorKind kind) {
    ASSERT_TRUE(take_write(lane));
    fail(lane, kind);
  }
  void answer_fetch(LaneIndex lane, std::vector<Arrival> arrivals = {}) {
    std::erase_if(actions_, [&](const Action& action) {
      const auto* fetch = std::get_if<FetchBacklog>(&action);
      if (fetch == nullptr || fetch->lane != lane) return false;
      step_pending_ = true;
      return true;
    });
    if (!std::exchange(step_pending_, false)) return;
    step([&](Step& s) { machine_->fetched(lane, std::move(arrivals), s); });
  }
  void answer_parks(bool parked) {
    for (const Park& park : take<Park>()) {
      base::Status status;
      if (!parked) status = base::fail(trouble(ErrorKind::full));
      step([&](Step& s) { machine_->parked(park.lane, park.group, status, s); });
    }
  }

  MachineSetup setup_;
  std::unique_ptr<Machine> machine_;
  Actions actions_;
  base::SteadyTime now_{std::chrono::hours(1)};
  std::int64_t receipts_ = 0;
  int ids_ = 0;
  bool step_pending_ = false;
};

TEST_F(MachineTest, AcknowledgesOnlyWhatBothHave) {
  boot();
  receive(3);
  commit_next(kPrimary);
  EXPECT_EQ(acknowledged(), 0U);
  commit_next(kSecondary);
  EXPECT_EQ(acknowledged(), 3U);
  EXPECT_EQ(machine_->in_hand(), 0U);
}

TEST_F(MachineTest, TheSecondaryAloneAcknowledgesNothing) {
  boot();
  receive(3);
  commit_next(kSecondary);
  tick(5s);
  EXPECT_EQ(acknowledged(), 0U);
  EXPECT_TRUE(take<Park>().empty());  // nothing is owed before the primary has it
}

TEST_F(MachineTest, OneCommitInFlightWhileTheNextGathers) {
  boot();
  receive(2);
  const auto first = take_write(kPrimary);
  ASSERT_TRUE(first);
  receive(5);
  receive(7);
  EXPECT_FALSE(take_write(kPrimary));
  commit(*first);
  const auto second = take_write(kPrimary);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->batch->events.size(), 12U);
  EXPECT_NE(second->batch->id, first->batch->id);
}

TEST_F(MachineTest, ParksOneSecondAfterThePrimaryAndThenAcknowledges) {
  boot();
  receive(4);
  commit_next(kPrimary);
  tick(999ms);
  EXPECT_TRUE(take<Park>().empty());
  tick(1ms);
  ASSERT_EQ(take<Park>().size(), 1U);
  EXPECT_EQ(acknowledged(), 0U);
  step([&](Step& s) { machine_->parked(kSecondary, 1, {}, s); });
  EXPECT_EQ(acknowledged(), 4U);
  // The batch under way may still commit: harmless.
  commit_next(kSecondary);
  EXPECT_EQ(acknowledged(), 0U);
}

TEST_F(MachineTest, ParksAtOnceBeyondTheBudgetWithoutHoldingThePrimaryBack) {
  boot();
  for (int i = 0; i < 8; ++i) {
    receive(100);
    commit_next(kPrimary);
  }
  std::size_t parked = 0;
  for (const Park& park : take<Park>()) parked += park.events.size();
  EXPECT_EQ(parked, 500U);
  EXPECT_EQ(machine_->queued_rows(kSecondary), 300U);
  EXPECT_EQ(machine_->room_rows(), 400U);
}

TEST_F(MachineTest, ThePrimaryHoldsTheReceiverBack) {
  boot();
  receive(400);
  EXPECT_EQ(machine_->room_rows(), 0U);
  commit_next(kPrimary);
  EXPECT_EQ(machine_->room_rows(), 100U);
}

TEST_F(MachineTest, AFailedParkIsTriedAgainAndAcknowledgesNothing) {
  boot();
  receive(4);
  commit_next(kPrimary);
  tick(1s);
  answer_parks(false);
  EXPECT_EQ(acknowledged(), 0U);
  EXPECT_TRUE(take<Park>().empty());  // not at once
  tick(10s);
  answer_parks(true);
  EXPECT_EQ(acknowledged(), 4U);
}

TEST_F(MachineTest, WhatCanBeNeitherParkedNorWrittenGoesBackBeyondTheBound) {
  setup_.lanes[kSecondary].limits.parking_rows_max = 5;
  boot();
  receive(20);
  commit_next(kPrimary);
  tick(1s);
  answer_parks(false);
  tick(1ms);
  std::size_t released = 0;
  for (const Release& release : take<Release>()) released += release.receipts.size();
  EXPECT_EQ(released, 15U);
  EXPECT_EQ(acknowledged(), 0U);
}

TEST_F(MachineTest, AnOpenBreakerParksAtOnceAndProbes) {
  boot();
  receive(1);
  commit_next(kPrimary);
  for (int i = 0; i < 3; ++i) {
    fail_next(kSecondary, ErrorKind::unavailable);
    if (i < 2) tick(500ms - 240ms * i);
  }
  EXPECT_EQ(machine_->state(kSecondary), TargetState::open);
  answer_parks(true);
  EXPECT_EQ(acknowledged(), 1U);
  receive(2);
  commit_next(kPrimary);
  EXPECT_EQ(take<Park>().size(), 1U);  // without waiting a second
  EXPECT_TRUE(take<Probe>().empty());
  tick(1s);
  EXPECT_EQ(take<Probe>().size(), 1U);
  step([&](Step& s) { machine_->probed(kSecondary, {}, s); });
  EXPECT_EQ(machine_->state(kSecondary), TargetState::retrying);
}

TEST_F(MachineTest, ACallThatDoesNotComeBackParksAtOnce) {
  boot();
  receive(1);
  commit_next(kPrimary);
  tick(1001ms);
  EXPECT_EQ(machine_->state(kSecondary), TargetState::stalled);
  answer_parks(true);
  receive(1);
  commit_next(kPrimary);
  EXPECT_EQ(take<Park>().size(), 1U);
}

TEST_F(MachineTest, ThePrimaryRetriesTheSameBatchAndNothingIsLost) {
  boot();
  receive(3);
  const auto first = take_write(kPrimary);
  fail(kPrimary, ErrorKind::unavailable);
  EXPECT_FALSE(take_write(kPrimary));  // a pause first
  tick(200ms);
  const auto second = take_write(kPrimary);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->batch->id, second->batch->id);
  EXPECT_EQ(acknowledged(), 0U);
}

TEST_F(MachineTest, LeasesAreExtendedWhileHeld) {
  boot();
  receive(3);
  tick(1s);
  EXPECT_TRUE(take<Extend>().empty());
  tick(31s);
  const auto extended = take<Extend>();
  ASSERT_EQ(extended.size(), 1U);
  EXPECT_EQ(extended[0].receipts.size(), 3U);
  tick(5s);
  EXPECT_TRUE(take<Extend>().empty());
}

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

TEST_F(MachineTest, TheBacklogIsDrainedWhenTheLaneIsIdle) {
  boot();
  tick(3s);
  answer_fetch(kSecondary, {arrival(), arrival()});
  const auto write = take_write(kSecondary);
  ASSERT_TRUE(write);
  commit(*write);
  const auto settled = take<Acknowledge>();
  ASSERT_EQ(settled.size(), 1U);
  EXPECT_EQ(settled[0].source, kSecondary);
  EXPECT_EQ(settled[0].receipts.size(), 2U);
}

TEST_F(MachineTest, EveryFifthBatchIsTheBacklogsUnderLoad) {
  boot();
  tick(3s);
  answer_fetch(kSecondary, {arrival()});
  std::string kinds;
  for (int i = 0; i < 15; ++i) {
    receive(2);
    commit_next(kPrimary);
    if (const auto write = take_write(kSecondary)) commit(*write);
    if (!take<FetchBacklog>().empty()) {
      kinds += 'B';
      step([&](Step& s) { machine_->fetched(kSecondary, std::vector<Arrival>{arrival()}, s); });
      commit_next(kSecondary);
    } else {
      kinds += 'L';
    }
  }
  const auto share = std::ranges::count(kinds, 'B');
  EXPECT_GE(share, 3) << kinds;
}

TEST_F(MachineTest, ABacklogBatchSurvivesFailuresAndIsNeverParkedAgain) {
  boot();
  tick(3s);
  answer_fetch(kSecondary, {arrival()});
  fail_next(kSecondary, ErrorKind::unavailable);
  EXPECT_TRUE(take<Park>().empty());
  tick(1s);
  commit_next(kSecondary);
  EXPECT_EQ(acknowledged(), 1U);
}

TEST_F(MachineTest, AMessageWithoutAnEventGoesBack) {
  boot();
  step([&](Step& s) {
    machine_->received({{.event = nullptr, .receipt = {.id = 7, .generation = 1, .handle = {}}, .attempt = 3}}, s);
  });
  const auto released = take<Release>();
  ASSERT_EQ(released.size(), 1U);
  EXPECT_GE(released[0].delay, 2s);
  EXPECT_TRUE(noted(NoteKind::undecodable));
}

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

TEST_F(MachineTest, ASecondaryThatCanOweNothingHoldsTheAcknowledgement) {
  setup_.lanes[kSecondary].has_backlog = false;
  boot();
  receive(400);
  for (int i = 0; i < 4; ++i) commit_next(kPrimary);
  tick(10s);
  EXPECT_EQ(acknowledged(), 0U);
  EXPECT_EQ(machine_->room_rows(), 0U);
  commit_next(kSecondary);
  EXPECT_EQ(acknowledged(), 100U);
}

TEST_F(MachineTest, WakesInTimeForWhatIsDue) {
  boot();
  receive(1);
  commit_next(kPrimary);
  const auto wake = machine_->wake_at(now_);
  EXPECT_GT(wake, now_);
  EXPECT_LE(wake, now_ + 1s);
}

}  // namespace
}  // namespace twinshift::delivery
