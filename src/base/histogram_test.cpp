#include "base/histogram.hpp"

#include <gtest/gtest.h>

namespace twinshift::base {
namespace {

using namespace std::chrono_literals;

TEST(LatencyCountsTest, ADurationCountsInTheFirstBoundThatIsNotLess) {
  LatencyCounts counts;
  for (const auto took : {0ns, 250'000ns, 250'001ns}) counts.add(took);
  counts.add(5ms);
  counts.add(1h);
  EXPECT_EQ(counts.counts[0], 2U);
  EXPECT_EQ(counts.counts[1], 1U);
  EXPECT_EQ(counts.counts[7], 1U) << kLatencyBounds[7];
  EXPECT_EQ(counts.counts.back(), 1U);
  EXPECT_EQ(counts.total(), 5U);
  EXPECT_EQ(counts.sum, 1h + 5ms + 500'001ns);
}

TEST(LatencyCountsTest, AQuantileLiesWithinItsBound) {
  LatencyCounts counts;
  EXPECT_FALSE(counts.quantile(0.5));
  for (int i = 0; i < 99; ++i) counts.add(900us);
  counts.add(4500us);
  EXPECT_GT(*counts.quantile(0.5), 0.0005);
  EXPECT_LE(*counts.quantile(0.99), 0.001);
  EXPECT_GT(*counts.quantile(0.999), 0.004);
  EXPECT_LE(*counts.quantile(1), 0.005);
  LatencyCounts beyond;
  beyond.add(1h);
  EXPECT_EQ(beyond.quantile(0.5), kLatencyBounds.back());
}

TEST(LatencyCountsTest, TellsWhatCameSince) {
  LatencyHistogram histogram;
  histogram.add(1ms);
  const LatencyCounts before = histogram.read();
  histogram.add(3ms);
  histogram.add(3ms);
  const LatencyCounts part = histogram.read().since(before);
  EXPECT_EQ(part.total(), 2U);
  EXPECT_EQ(part.sum, 6ms);
  EXPECT_GT(*part.quantile(0.5), 0.002);
}

}  // namespace
}  // namespace twinshift::base
