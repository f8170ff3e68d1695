#include "app/waived_gap.hpp"

#include <gtest/gtest.h>

#include "tests/support/idle_queue.hpp"
#include "tests/support/log_capture.hpp"
#include "tests/support/temporary_folder.hpp"

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

class WaivingQueue final : public tests::IdleQueue {
 public:
  std::uint64_t waived = 0;

  base::Result<queue::Arrivals> count_arrivals() override { return queue::Arrivals{.hours = {hour(0, waived)}}; }
};

// It cannot be known whether somebody has filled it since.
TEST(WaivedGap, IsToldOnceUntilItGrows) {
  const tests::TemporaryFolder folder;
  WaivingQueue queue;
  const auto is_told = [&] {
    const tests::LogCapture log;
    tell_waived_gap(queue, folder.path());
    return log.text().contains("switched off");
  };
  EXPECT_FALSE(is_told());
  queue.waived = 3;
  EXPECT_TRUE(is_told());
  EXPECT_FALSE(is_told());
  queue.waived = 4;
  EXPECT_TRUE(is_told());
  EXPECT_FALSE(is_told());
}

}  // namespace
}  // namespace twinshift::app
