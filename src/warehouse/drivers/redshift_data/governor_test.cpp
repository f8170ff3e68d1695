#include "warehouse/drivers/redshift_data/governor.hpp"

#include <gtest/gtest.h>

namespace twinshift::warehouse {
namespace {

using namespace std::chrono_literals;

TEST(CallGovernor, KeepsTheRateHoweverMuchIsAsked) {
  CallGovernor governor(10);
  base::SteadyTime now{1h};
  const base::SteadyTime begin = now;
  constexpr int kCalls = 210;
  for (int i = 0; i < kCalls; ++i) now += governor.take(now);
  // The first second's worth came at once.
  EXPECT_GE(now - begin, 19'900ms);
  EXPECT_LE(now - begin, 20'100ms);
}

TEST(CallGovernor, LetsAQuietTimeBeMadeUpForOnlyOnce) {
  CallGovernor governor(10);
  base::SteadyTime now{1h};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(governor.take(now), 0ns);
  EXPECT_GT(governor.take(now), 0ns);
  now += 1h;
  int at_once = 0;
  while (governor.take(now) == 0ns) ++at_once;
  EXPECT_EQ(at_once, 10);
}

TEST(CallGovernor, LetsASlowOneDoABatchAtOnce) {
  CallGovernor governor(0.5);
  const base::SteadyTime now{1h};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(governor.take(now), 0ns);
  EXPECT_EQ(governor.take(now), 2s);
}

}  // namespace
}  // namespace twinshift::warehouse
