#include "warehouse/batch_plan.hpp"

#include <gtest/gtest.h>

namespace twinshift::warehouse {
namespace {

constexpr base::WallTime kArrival{std::chrono::hours(480'000)};

event::EventPtr event_of(int number, base::WallTime received_at = kArrival) {
  auto decoded = event::decode_event(R"({"event_time":"2024-01-01 12:00:00","n":)" + std::to_string(number) + "}", "m",
                                     received_at);
  return *decoded;
}

TEST(BatchPlan, WritesTheFirstOfEqualEventsInOrderOfTheirIds) {
  const Batch batch{"b", {event_of(3), event_of(1), event_of(3), event_of(2), event_of(1)}};
  const BatchPlan plan = plan_batch(batch);
  EXPECT_EQ(plan.outcomes, (std::vector{Outcome::written, Outcome::written, Outcome::duplicate, Outcome::written,
                                        Outcome::duplicate}));
  ASSERT_EQ(plan.rows.size(), 3U);
  for (std::size_t i = 1; i < plan.rows.size(); ++i) {
    EXPECT_LT(batch.events[plan.rows[i - 1]]->id, batch.events[plan.rows[i]]->id);
  }
}

TEST(BatchPlan, ADoubleIsAnotherMessageToTheMicrosecond) {
  const base::WallTime later = kArrival + std::chrono::microseconds(1);
  const Batch batch{"b", {event_of(1), event_of(1), event_of(1, later), event_of(2, later), event_of(1, later)}};
  const BatchPlan plan = plan_batch(batch);
  EXPECT_EQ(plan.doubles, (std::vector<std::uint32_t>{2, 4}));
  EXPECT_EQ(plan.outcomes[1], Outcome::duplicate);
}

TEST(BatchPlan, OfNothingIsNothing) {
  const BatchPlan plan = plan_batch({"b", {}});
  EXPECT_TRUE(plan.rows.empty());
  EXPECT_TRUE(ranges_of({"b", {}}, plan).empty());
}

TEST(BatchPlan, MarkersCountWhatBecameOfEach) {
  const Batch batch{"b", {event_of(1), event_of(1), event_of(2)}};
  const BatchPlan plan = plan_batch(batch);
  const auto rows = markers_of(batch, plan.outcomes);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].sent, 3);
  EXPECT_EQ(rows[0].inserted, 2);
  EXPECT_EQ(rows[0].duplicate, 1);
}

}  // namespace
}  // namespace twinshift::warehouse
