#include "queue/drivers/sqs/poll_pace.hpp"

#include <gtest/gtest.h>

namespace twinshift::queue::sqs {
namespace {

using namespace std::chrono_literals;

std::chrono::milliseconds turn(PollPace& pace, std::size_t messages) {
  pace.started();
  const auto pause = pace.came_back(messages);
  pace.turn_ended();
  return pause;
}

TEST(PollPace, OnePollIsEnoughForAQuietHour) {
  PollPace pace(4, 10);
  ASSERT_TRUE(pace.may_start());
  pace.started();
  EXPECT_FALSE(pace.may_start());
  EXPECT_EQ(pace.came_back(1), 9ms);
  EXPECT_FALSE(pace.may_start());  // the pause is part of it
  pace.turn_ended();
  EXPECT_TRUE(pace.may_start());
  EXPECT_EQ(turn(pace, 0), 0ms);  // it has waited itself
  EXPECT_EQ(pace.active(), 1U);
}

TEST(PollPace, FullPollsBringMoreOfThemAndEmptyOnesFewer) {
  PollPace pace(3, 10);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(turn(pace, 10), 0ms);
  EXPECT_EQ(pace.active(), 3U);
  EXPECT_EQ(turn(pace, 7), 3ms);
  EXPECT_EQ(pace.active(), 3U);
  turn(pace, 3);
  EXPECT_EQ(pace.active(), 3U);
  for (int i = 0; i < 5; ++i) turn(pace, 0);
  EXPECT_EQ(pace.active(), 1U);
}

TEST(PollPace, AfterAFailureOneFindsOut) {
  PollPace pace(4, 10);
  for (int i = 0; i < 3; ++i) turn(pace, 10);
  pace.started();
  pace.started();
  pace.failed();
  EXPECT_EQ(pace.active(), 1U);
  EXPECT_FALSE(pace.may_start());
}

}  // namespace
}  // namespace twinshift::queue::sqs
