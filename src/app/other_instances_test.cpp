#include "app/other_instances.hpp"

#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

const books::Hour kNoon{std::chrono::hours(473'364)};

TEST(OtherInstances, OnlyOthersOfThatTargetCount) {
  const std::vector<warehouse::OwedRow> rows = {{"me", "primary", kNoon, 100, 100, 100, 100, kNoon},
                                                {"a", "primary", kNoon, 5, 1, 2, 3, kNoon},
                                                {"b", "primary", kNoon, 7, 2, 0, 1, kNoon},
                                                {"b", "primary", kNoon + std::chrono::hours(1), 4, 0, 0, 0, kNoon},
                                                {"a", "secondary", kNoon, 50, 50, 50, 50, kNoon}};
  const HoursOfBooks expected = {
      {kNoon, {.received = 12, .landed = 0, .duplicate = 0, .quarantined = 2, .owed = 3, .waived = 4}},
      {kNoon + std::chrono::hours(1), {.received = 4}}};
  EXPECT_EQ(sum_of_others(rows, "me", "primary"), expected);
  EXPECT_TRUE(sum_of_others({rows.front()}, "me", "primary").empty());
}

}  // namespace
}  // namespace twinshift::app
