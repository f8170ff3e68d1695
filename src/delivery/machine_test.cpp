// The machine, stepped call by call: each rule of delivery stands here as one test.
#include "delivery/machine_fixture.hpp"

namespace twinshift::delivery {
namespace {

using base::ErrorKind;
using namespace std::chrono_literals;

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

// A new secondary makes its tables in its first call.
TEST_F(MachineTest, ASecondarysTimeRunsFromItsFirstAnswer) {
  start();
  step([&](Step& s) { machine_->probed(kPrimary, {}, s); });
  receive(1);
  commit_next(kPrimary);
  tick(3s);
  EXPECT_TRUE(take<Park>().empty());
  EXPECT_EQ(machine_->state(kSecondary), TargetState::starting);
  step([&](Step& s) { machine_->probed(kSecondary, {}, s); });
  answer_fetch(kSecondary);
  ASSERT_TRUE(take_write(kSecondary));
  tick(999ms);
  EXPECT_TRUE(take<Park>().empty());
  tick(1ms);
  EXPECT_EQ(take<Park>().size(), 1U);
}

TEST_F(MachineTest, AFirstCallThatDoesNotComeBackParksToo) {
  start();
  step([&](Step& s) { machine_->probed(kPrimary, {}, s); });
  receive(1);
  commit_next(kPrimary);
  EXPECT_LE(machine_->wake_at(now_) - now_, setup_.lanes[kSecondary].limits.greeting_max + 1ms);
  tick(setup_.lanes[kSecondary].limits.greeting_max + 1ms);
  EXPECT_EQ(take<Park>().size(), 1U);
  EXPECT_EQ(machine_->state(kSecondary), TargetState::stalled);
  answer_parks(true);
  receive(1);
  commit_next(kPrimary);
  EXPECT_EQ(take<Park>().size(), 1U);
}

TEST_F(MachineTest, AFirstCallThatFailsLetsTheTimeRun) {
  start();
  step([&](Step& s) { machine_->probed(kPrimary, {}, s); });
  receive(1);
  commit_next(kPrimary);
  step([&](Step& s) { machine_->probed(kSecondary, base::fail(trouble(base::ErrorKind::unavailable)), s); });
  tick(1s);
  EXPECT_EQ(take<Park>().size(), 1U);
  answer_parks(true);
  receive(1);  // its second call is away
  commit_next(kPrimary);
  tick(1001ms);
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

TEST_F(MachineTest, NothingIsReceivedWhileThePrimarysBreakerIsOpen) {
  boot();
  receive(1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_GT(machine_->room_rows(), 0U);
    fail_next(kPrimary, ErrorKind::unavailable);
    tick(i < 2 ? 10s : 0s);
  }
  ASSERT_EQ(machine_->state(kPrimary), TargetState::open);
  EXPECT_EQ(machine_->room_rows(), 0U);
  tick(60s);
  step([&](Step& s) { machine_->probed(kPrimary, {}, s); });
  EXPECT_GT(machine_->room_rows(), 0U) << "half open: something must be tried";
  commit_next(kPrimary);
  EXPECT_EQ(machine_->state(kPrimary), TargetState::ok);
}

TEST_F(MachineTest, ASecondarysBreakerHoldsTheReceiverOnlyWhereItCanOweNothing) {
  for (const bool has_backlog : {true, false}) {
    setup_.lanes[kSecondary].has_backlog = has_backlog;
    boot();
    receive(1);
    for (int i = 0; i < 3; ++i) {
      if (const auto write = take_write(kSecondary)) fail(kSecondary, ErrorKind::unavailable);
      tick(i < 2 ? 10s : 0s);
    }
    const bool open = machine_->state(kSecondary) == TargetState::open;
    EXPECT_EQ(machine_->room_rows() == 0, open && !has_backlog) << has_backlog;
    EXPECT_TRUE(open || has_backlog) << "parked in time";
  }
}

TEST_F(MachineTest, WhatIsHeldTooLongIsReleasedWithADelay) {
  setup_.flow.hold_max = 1h;
  boot();
  receive(1);
  EXPECT_EQ(machine_->in_hand(), 1U);
  tick(59min);
  EXPECT_EQ(take<Release>().size(), 0U);
  EXPECT_GT(take<Extend>().size(), 0U);
  tick(1min);
  const auto releases = take<Release>();
  ASSERT_EQ(releases.size(), 1U);
  EXPECT_GE(releases[0].delay, 1s) << "never at once: each receive counts";
  EXPECT_EQ(machine_->in_hand(), 0U);
  commit_next(kPrimary);  // its answer comes too late, and settles nothing
  EXPECT_EQ(acknowledged(), 0U);
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
