#include "books/clock_watch.hpp"

#include <gtest/gtest.h>

namespace twinshift::books {
namespace {

using namespace std::chrono_literals;

constexpr base::WallTime kWall{std::chrono::hours(473'364)};
constexpr base::SteadyTime kSteady{std::chrono::hours(5)};
constexpr base::WallTime kNothing{};

TEST(ClockWatch, BelievesAClockThatKeptStepForADay) {
  ClockWatch watch;
  EXPECT_EQ(watch.believed(kWall, kSteady), kNothing);
  EXPECT_EQ(watch.believed(kWall + 23h, kSteady + 23h), kNothing);
  EXPECT_EQ(watch.believed(kWall + 25h, kSteady + 25h), kWall + 25h);
  EXPECT_EQ(watch.believed(kWall + 26h, kSteady + 26h), kWall + 26h);
}

TEST(ClockWatch, AJumpIsNotBelievedAndTheWayBackBeginsTheWatchAnew) {
  ClockWatch watch;
  watch.believed(kWall, kSteady);
  EXPECT_EQ(watch.believed(kWall + 25h, kSteady + 25h), kWall + 25h);
  EXPECT_EQ(watch.believed(kWall + 505h, kSteady + 25h + 1s), kWall + 25h);
  EXPECT_EQ(watch.believed(kWall + 26h, kSteady + 26h), kWall + 25h);
  EXPECT_EQ(watch.believed(kWall + 49h, kSteady + 49h), kWall + 25h);
  EXPECT_EQ(watch.believed(kWall + 51h, kSteady + 51h), kWall + 51h);
}

TEST(ClockWatch, SmallCorrectionsAreNoJump) {
  ClockWatch watch;
  watch.believed(kWall, kSteady);
  EXPECT_EQ(watch.believed(kWall + 25h - 2s, kSteady + 25h), kWall + 25h - 2s);
}

// Deployed twice a day for a month: what is believed stays two days behind at most.
TEST(ClockWatch, ManyShortLivesAreWatchedAsOneLong) {
  ClockRecord record;
  for (int life = 0; life < 60; ++life) {
    ClockWatch watch(record);
    const base::WallTime begin = kWall + life * 12h;
    watch.believed(begin + 1min, kSteady);  // each process has a steady clock of its own
    const base::WallTime end = begin + 11h + 59min;
    const base::WallTime believed = watch.believed(end, kSteady + 11h + 58min);
    EXPECT_LE(believed, end);
    if (life > 4) {
      EXPECT_GE(believed, end - 49h) << life;
    }
    record = watch.record();
  }
}

TEST(ClockWatch, AClockThatIsAheadForOneShortLifeIsNeverBelieved) {
  ClockRecord record;
  for (int life = 0; life < 40; ++life) {
    ClockWatch watch(record);
    const base::WallTime truth = kWall + life * 6h;
    const base::WallTime shown = truth + (life == 24 ? 20 * 24h : 0h);
    watch.believed(shown, kSteady);
    EXPECT_LE(watch.believed(shown + 5h, kSteady + 5h), truth + 5h) << life;
    record = watch.record();
  }
  EXPECT_GT(record.confirmed, kWall + 30 * 6h) << "it goes on afterwards";
}

// A clock that jumps once in each life, to and fro.
TEST(ClockWatch, NothingIsBelievedOfAClockThatGoesBackAgainAndAgain) {
  ClockRecord record;
  for (int life = 0; life < 20; ++life) {
    ClockWatch watch(record);
    const base::WallTime truth = kWall + life * 12h;
    watch.believed(truth, kSteady);
    watch.believed(truth + 1h + 480h, kSteady + 1h);
    EXPECT_EQ(watch.believed(truth + 11h, kSteady + 11h), kNothing);
    record = watch.record();
  }
}

// A machine that sleeps at night: its clock is ahead of the steady one each morning, and right.
TEST(ClockWatch, AMachineThatSleepsIsBelievedAfterSomeDays) {
  ClockWatch watch;
  base::SteadyTime steady = kSteady;
  for (int day = 0; day < 20; ++day) {
    watch.believed(kWall + day * 24h, steady);
    steady += 8h;
    const base::WallTime evening = kWall + day * 24h + 8h;
    const base::WallTime believed = watch.believed(evening, steady);
    EXPECT_LE(believed, evening);
    if (day > 6) {
      EXPECT_GE(believed, evening - 7 * 24h) << day;
    }
  }
}

}  // namespace
}  // namespace twinshift::books
