#include "app/waived_gap.hpp"

#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

queue::HourOfArrival hour(int number, std::uint64_t waived) {
  return {.hour = base::WallTime(std::chrono::hours(480'000 + number)), .received = 9, .waived = waived};
}

TEST(WaivedGap, ReachesFromTheFirstWaivedHourToTheEndOfTheLast) {
  const auto gap = waived_gap({.hours = {hour(0, 0), hour(1, 3), hour(2, 0), hour(3, 4), hour(4, 0)}});
  ASSERT_TRUE(gap);
  EXPECT_EQ(gap->events, 7U);
  EXPECT_EQ(gap->command, "twinshift repair --received-from 2024-10-04T01:00 --received-to 2024-10-04T04:00 --apply");
}

TEST(WaivedGap, IsNoneWhereNothingWasWaived) {
  EXPECT_FALSE(waived_gap({.hours = {hour(0, 0), hour(1, 0)}}));
  EXPECT_FALSE(waived_gap({}));
}

}  // namespace
}  // namespace twinshift::app
