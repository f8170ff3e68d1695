// The machine's smaller parts: policy, batcher, parker, guard, ledger.
#include <gtest/gtest.h>

#include "delivery/batcher.hpp"
#include "delivery/decide.hpp"
#include "delivery/lane_policy.hpp"
#include "delivery/parker.hpp"
#include "delivery/settlement.hpp"

namespace twinshift::delivery {
namespace {

using base::ErrorKind;
using namespace std::chrono_literals;
constexpr base::SteadyTime kNow{std::chrono::hours(1)};

TEST(Decide, OnlyARejectionIsAboutData) {
  for (const auto kind :
       {ErrorKind::invalid, ErrorKind::conflict, ErrorKind::throttled, ErrorKind::unavailable, ErrorKind::full,
        ErrorKind::corrupt, ErrorKind::not_found, ErrorKind::cancelled, ErrorKind::internal}) {
    EXPECT_EQ(decide(kind), Decision::retry) << base::to_string(kind);
  }
  EXPECT_EQ(decide(ErrorKind::rejected), Decision::bisect);
  EXPECT_EQ(decide(ErrorKind::unknown_outcome), Decision::ask_marker);
}

TEST(RejectGuard, BelievesFew) {
  RejectGuard guard(10);
  EXPECT_FALSE(guard.too_many(10));
  EXPECT_TRUE(guard.too_many(11));
}

TEST(RejectGuard, ForgetsBeyondTheLastThousandRows) {
  RejectGuard guard(10);
  guard.record(10, 10);
  EXPECT_TRUE(guard.too_many(1));
  guard.record(995, 0);
  EXPECT_TRUE(guard.too_many(1));
  guard.record(5, 0);
  EXPECT_FALSE(guard.too_many(1));
}

TEST(LanePolicy, PausesGrowAndHaveABound) {
  TargetLimits limits;
  limits.breaker_failures_max = 100;
  LanePolicy policy(limits, 7);
  auto last = 0ns;
  for (int i = 0; i < 20; ++i) {
    policy.failed(kNow);
    const auto pause = policy.wait_until() - kNow;
    EXPECT_GE(pause, limits.retry.first / 2);
    EXPECT_LE(pause, limits.retry.most);
    if (i < 4) {
      EXPECT_GE(pause, last);
    }
    last = pause;
  }
  EXPECT_FALSE(policy.may_try(kNow));
  EXPECT_TRUE(policy.may_try(kNow + limits.retry.most));
}

TEST(LanePolicy, TheBreakerOpensProbesAndCloses) {
  TargetLimits limits;
  limits.breaker_failures_max = 2;
  LanePolicy policy(limits, 7);
  EXPECT_FALSE(policy.failed(kNow));
  EXPECT_TRUE(policy.failed(kNow));
  EXPECT_EQ(policy.breaker(), Breaker::open);
  EXPECT_FALSE(policy.wants_probe(kNow));
  const auto later = kNow + limits.breaker_pause.first;
  EXPECT_TRUE(policy.wants_probe(later));
  EXPECT_FALSE(policy.may_try(later));
  policy.probed(true, later);
  EXPECT_TRUE(policy.may_try(later));
  EXPECT_FALSE(policy.failed(later));  // open again, but that is no news
  EXPECT_EQ(policy.breaker(), Breaker::open);
  policy.probed(true, later + 1min);
  EXPECT_TRUE(policy.succeeded());
  EXPECT_EQ(policy.breaker(), Breaker::closed);
  EXPECT_EQ(policy.failures(), 0);
}

TEST(LanePolicy, AFailedProbePausesForLonger) {
  TargetLimits limits;
  LanePolicy policy(limits, 7);
  policy.trip(kNow);
  auto now = kNow;
  for (int i = 0; i < 10; ++i) {
    now = policy.wait_until();
    policy.probed(false, now);
  }
  EXPECT_GE(policy.wait_until() - now, limits.breaker_pause.most / 2);
  EXPECT_LE(policy.wait_until() - now, limits.breaker_pause.most);
}

TEST(Batcher, AnIdleLaneStartsAtOnceABusyOneGathers) {
  TargetLimits limits;
  limits.batch_age_max = 10ms;
  Batcher batcher(limits);
  EXPECT_FALSE(batcher.start_at(kNow));
  batcher.add({}, 100, kNow);
  EXPECT_LE(*batcher.start_at(kNow - 1s), kNow);
  EXPECT_EQ(*batcher.start_at(kNow), kNow + 10ms);        // just became idle
  EXPECT_EQ(*batcher.start_at(kNow + 5ms), kNow + 10ms);  // was busy when it came
  EXPECT_EQ(*batcher.start_at(kNow - 4ms), kNow + 6ms);
}

TEST(Batcher, AFullBatchNeverWaits) {
  TargetLimits limits;
  limits.batch_rows_max = 3;
  limits.batch_bytes_max = 1'000;
  Batcher batcher(limits);
  batcher.add({}, 1'500, kNow);
  EXPECT_EQ(*batcher.start_at(kNow), kNow);
  batcher.add({}, 10, kNow);
  EXPECT_EQ(batcher.take().size(), 1U);  // at least one, then no more than the byte cap
  for (int i = 0; i < 4; ++i) batcher.add({}, 10, kNow);
  EXPECT_EQ(*batcher.start_at(kNow), kNow);
  EXPECT_EQ(batcher.take().size(), 3U);
  EXPECT_EQ(batcher.rows(), 2U);
  EXPECT_EQ(batcher.bytes(), 20U);
  EXPECT_EQ(batcher.take_all().size(), 2U);
  EXPECT_EQ(batcher.bytes(), 0U);
}

TEST(Parker, WatchesSendsAndPausesAfterAFailure) {
  TargetLimits limits;
  limits.parking_rows_max = 2;
  Parker parker(limits, 7);
  parker.watch({{1, 0}, {2, 0}}, kNow + 1s);
  EXPECT_TRUE(parker.take_due(kNow).empty());
  EXPECT_EQ(*parker.wake_at(), kNow + 1s);
  EXPECT_EQ(parker.take_due(kNow + 1s).size(), 2U);
  for (std::uint32_t slot = 0; slot < 4; ++slot) parker.add({slot, 0});
  EXPECT_TRUE(parker.take_overflow());
  EXPECT_TRUE(parker.take_overflow());
  EXPECT_FALSE(parker.take_overflow());
  const auto group = parker.sent({*parker.take_next(kNow), *parker.take_next(kNow)});
  EXPECT_EQ(parker.rows_under_way(), 2U);
  parker.add({9, 0});
  EXPECT_FALSE(parker.take_next(kNow));  // as many under way as there may be
  EXPECT_EQ(parker.answered(group, false, kNow).size(), 2U);
  EXPECT_TRUE(parker.answered(group, true, kNow).empty());
  EXPECT_FALSE(parker.take_next(kNow));
  EXPECT_TRUE(parker.take_next(kNow + 1min));
}

Arrival make_arrival(std::int64_t id) {
  auto event = std::make_shared<event::Event>();
  event->key = id;
  return {.event = std::move(event), .receipt = {.id = id, .generation = 1, .handle = {}}};
}

TEST(Settlement, AMessageIsDoneWhenItsLastPartIs) {
  Settlement settlement({true, false});
  const MessageRef ref = settlement.add(make_arrival(1), kQueue, {});
  EXPECT_EQ(settlement.held_rows(), 1U);
  EXPECT_EQ(settlement.queued_rows(1), 1U);
  settlement.settle(ref, 0);
  EXPECT_EQ(settlement.held_rows(), 0U);
  EXPECT_EQ(settlement.held_bytes(), 0U);
  Actions actions;
  settlement.flush(actions);
  EXPECT_TRUE(actions.empty());
  settlement.move(*settlement.find(ref), 1, Part::parking);
  EXPECT_EQ(settlement.queued_rows(1), 0U);
  settlement.settle(ref, 1);
  settlement.flush(actions);
  ASSERT_EQ(actions.size(), 1U);
  EXPECT_EQ(std::get<Acknowledge>(actions[0]).receipts.at(0).id, 1);
  EXPECT_EQ(settlement.in_hand(), 0U);
}

TEST(Settlement, AStaleNameTouchesNobody) {
  Settlement settlement({true});
  const MessageRef first = settlement.add(make_arrival(1), kQueue, {});
  settlement.settle(first, 0);
  const MessageRef second = settlement.add(make_arrival(2), kQueue, {});
  EXPECT_EQ(first.slot, second.slot);
  EXPECT_EQ(settlement.find(first), nullptr);
  settlement.settle(first, 0);
  EXPECT_EQ(settlement.in_hand(), 1U);
}

TEST(Settlement, ABacklogsMessageIsItsLanesAlone) {
  Settlement settlement({true, false});
  const MessageRef ref = settlement.add(make_arrival(1), 1, {});
  EXPECT_EQ(settlement.held_rows(), 0U);
  settlement.settle(ref, 0);
  EXPECT_EQ(settlement.in_hand(), 1U);
  settlement.settle(ref, 1);
  Actions actions;
  settlement.flush(actions);
  EXPECT_EQ(std::get<Acknowledge>(actions.at(0)).source, 1U);
}

TEST(Settlement, ADroppedMessageLeavesNothingBehind) {
  Settlement settlement({true, false});
  const MessageRef ref = settlement.add(make_arrival(1), kQueue, {});
  EXPECT_EQ(settlement.drop(ref).receipt.id, 1);
  EXPECT_EQ(settlement.held_rows(), 0U);
  EXPECT_EQ(settlement.queued_rows(0) + settlement.queued_rows(1), 0U);
  Actions actions;
  settlement.flush(actions);
  EXPECT_TRUE(actions.empty());
}

}  // namespace
}  // namespace twinshift::delivery
