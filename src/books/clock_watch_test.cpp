#include "books/clock_watch.hpp"

#include <gtest/gtest.h>

namespace twinshift::books {
namespace {

using namespace std::chrono_literals;

constexpr base::WallTime kWall{std::chrono::hours(473'364)};
constexpr base::SteadyTime kSteady{std::chrono::hours(5)};

TEST(ClockWatch, BelievesAClockThatKeptStepForADay) {
  ClockWatch watch;
  EXPECT_FALSE(watch.believes(kWall, kSteady));
  EXPECT_FALSE(watch.believes(kWall + 23h, kSteady + 23h));
  EXPECT_TRUE(watch.believes(kWall + 25h, kSteady + 25h));
}

TEST(ClockWatch, AJumpBeginsTheWatchAnewAndTheWayBackOnceMore) {
  ClockWatch watch;
  watch.believes(kWall, kSteady);
  EXPECT_TRUE(watch.believes(kWall + 25h, kSteady + 25h));
  EXPECT_FALSE(watch.believes(kWall + 25h + 480h, kSteady + 25h + 1s));
  EXPECT_FALSE(watch.believes(kWall + 26h, kSteady + 26h));
  EXPECT_FALSE(watch.believes(kWall + 49h, kSteady + 49h));
  EXPECT_TRUE(watch.believes(kWall + 51h, kSteady + 51h));
}

TEST(ClockWatch, SmallCorrectionsAreNoJump) {
  ClockWatch watch;
  watch.believes(kWall, kSteady);
  EXPECT_TRUE(watch.believes(kWall + 25h - 2s, kSteady + 25h));
}

}  // namespace
}  // namespace twinshift::books
