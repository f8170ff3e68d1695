#include "app/oldest_debt.hpp"

#include <gtest/gtest.h>

#include "app/debts_of_others.hpp"

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;
using queue::Arrivals;
using queue::QueueStatus;

constexpr base::WallTime kNow{std::chrono::hours(480'000) + 20min};
constexpr base::WallTime kHour{std::chrono::hours(480'000)};

Arrivals waiting(std::initializer_list<std::pair<base::WallTime, std::uint64_t>> hours) {
  Arrivals arrivals;
  for (const auto& [hour, messages] : hours) {
    arrivals.hours.push_back({.hour = hour, .received = 10, .waiting = messages});
  }
  return arrivals;
}

TEST(OldestDebt, IsTheMessageThatWaitsLongest) {
  EXPECT_EQ(oldest_in(waiting({{kHour - 9h, 0}, {kHour, 3}}), 7min, kNow).arrived, kNow - 7min);
  EXPECT_FALSE(oldest_in(waiting({{kHour, 0}}), 7min, kNow).arrived);
}

TEST(OldestDebt, WhatWasReplayedIsOlderThanWhatWaitsLongest) {
  EXPECT_EQ(oldest_in(waiting({{kHour - 9h, 1}, {kHour, 3}}), 7min, kNow).arrived, kHour - 9h);
}

TEST(OldestDebt, AnAgeThatCouldNotBeReadIsNotTheAgeZero) {
  EXPECT_EQ(oldest_in(waiting({{kHour, 3}}), 0ms, kNow).arrived, kHour);
  EXPECT_FALSE(oldest_in(base::fail({}), 7min, kNow).known);
}

TEST(OldestDebt, OfAQueueElsewhereItIsSinceNothingWaitsThere) {
  QueueStatus status;
  status.depth_known = false;
  EXPECT_FALSE(oldest_elsewhere(status, kNow).known);
  status.depth_known = true;
  EXPECT_FALSE(oldest_elsewhere(status, kNow).known) << "what waits there may be of any age";
  status.drained_at = kNow - 6h;  // an outage since
  status.depth = 9;
  EXPECT_EQ(oldest_elsewhere(status, kNow).arrived, kNow - 6h - kQueuedMax);
  status.drained_at = kNow - 5s;
  EXPECT_EQ(oldest_elsewhere(status, kNow).arrived, kNow - 5s - kQueuedMax);
  status.oldest_age = 2h;  // in our own hands
  EXPECT_EQ(oldest_elsewhere(status, kNow).arrived, kNow - 2h);
  status.oldest_age = 0ms;
  status.depth = 0;
  EXPECT_EQ(oldest_elsewhere(status, kNow).arrived, kNow - 5s - kCountsSettle);
}

}  // namespace
}  // namespace twinshift::app
