#include "warehouse/markers.hpp"

#include <gtest/gtest.h>

namespace twinshift::warehouse {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;

void add(MarkerSums& sums, base::WallTime event_at, base::WallTime received_at, std::int64_t key, Outcome outcome) {
  event::Event event;
  event.event_at = event_at;
  event.received_at = received_at;
  event.key = key;
  sums.add(event, outcome);
}

constexpr base::WallTime kHour{hours(480'000)};

TEST(Markers, HoursBeginBelow) {
  EXPECT_EQ(hour_of(kHour), kHour);
  EXPECT_EQ(hour_of(kHour + hours(1) - microseconds(1)), kHour);
  EXPECT_EQ(hour_of(base::WallTime(microseconds(-1))), base::WallTime(hours(-1)));
}

TEST(Markers, KeysFallIntoTwoHalves) {
  constexpr std::int64_t kKey = (std::int64_t{5} << 31) | 7;
  EXPECT_EQ(key_low(kKey), 7);
  EXPECT_EQ(key_high(kKey), 5);
  constexpr std::int64_t kLargest = (std::int64_t{1} << 62) - 1;
  EXPECT_EQ(key_low(kLargest), kKeyHalf);
  EXPECT_EQ(key_high(kLargest), kKeyHalf);
}

TEST(Markers, CountByWindowAndArrival) {
  MarkerSums sums;
  add(sums, kHour, kHour, 1, Outcome::written);
  add(sums, kHour + microseconds(5), kHour + hours(3), 2, Outcome::written);
  add(sums, kHour + hours(1), kHour, 4, Outcome::written);
  add(sums, kHour + microseconds(9), kHour + microseconds(1), 8, Outcome::written);
  const auto rows = sums.rows();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].window_at, kHour);
  EXPECT_EQ(rows[0].arrival_at, kHour);
  EXPECT_EQ(rows[0].sent, 2);
  EXPECT_EQ(rows[0].key_low_sum, 9);
  EXPECT_EQ(rows[1].arrival_at, kHour + hours(3));
  EXPECT_EQ(rows[1].key_low_sum, 2);
  EXPECT_EQ(rows[2].window_at, kHour + hours(1));
}

TEST(Markers, SumOnlyWhatWasWritten) {
  MarkerSums sums;
  add(sums, kHour, kHour, (std::int64_t{3} << 31) | 1, Outcome::written);
  add(sums, kHour, kHour, 100, Outcome::duplicate);
  add(sums, kHour, kHour, 1000, Outcome::rejected);
  add(sums, kHour, kHour, 1000, Outcome::deferred);
  const auto rows = sums.rows();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].sent, 4);
  EXPECT_EQ(rows[0].inserted, 1);
  EXPECT_EQ(rows[0].duplicate, 1);
  EXPECT_EQ(rows[0].key_low_sum, 1);
  EXPECT_EQ(rows[0].key_high_sum, 3);
}

TEST(Markers, StartAnewAfterClear) {
  MarkerSums sums;
  add(sums, kHour, kHour, 1, Outcome::written);
  sums.clear();
  EXPECT_TRUE(sums.rows().empty());
  add(sums, kHour, kHour, 2, Outcome::duplicate);
  ASSERT_EQ(sums.rows().size(), 1U);
  EXPECT_EQ(sums.rows()[0].inserted, 0);
  EXPECT_EQ(sums.rows()[0].duplicate, 1);
}

}  // namespace
}  // namespace twinshift::warehouse
