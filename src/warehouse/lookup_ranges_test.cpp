#include "warehouse/lookup_ranges.hpp"

#include <gtest/gtest.h>

namespace twinshift::warehouse {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr base::WallTime kNow{hours(480'000)};

TEST(LookupRanges, OfNothingAreNone) {
  EXPECT_TRUE(lookup_ranges({}).empty());
}

TEST(LookupRanges, JoinNeighbours) {
  EXPECT_EQ(lookup_ranges({kNow + minutes(9), kNow, kNow + minutes(5), kNow}),
            (std::vector<TimeRange>{{kNow, kNow + minutes(9)}}));
}

TEST(LookupRanges, AreCutAtGaps) {
  const base::WallTime first{};
  EXPECT_EQ(lookup_ranges({kNow, first, kNow + hours(2)}),
            (std::vector<TimeRange>{{first, first}, {kNow, kNow}, {kNow + hours(2), kNow + hours(2)}}));
}

TEST(LookupRanges, KeepTheWidestGapsWhereThereAreTooMany) {
  std::vector<base::WallTime> times;
  for (int i = 0; i < 100; ++i) times.push_back(kNow + hours(i));
  times.push_back(kNow + hours(1000));
  const auto ranges = lookup_ranges(times);
  ASSERT_EQ(ranges.size(), kRangesMax);
  EXPECT_EQ(ranges.back(), (TimeRange{kNow + hours(1000), kNow + hours(1000)}));
  EXPECT_EQ(ranges.front().first, kNow);
  for (const base::WallTime time : times) {
    int holding = 0;
    for (const TimeRange& range : ranges) holding += time >= range.first && time <= range.last ? 1 : 0;
    EXPECT_EQ(holding, 1);
  }
}

}  // namespace
}  // namespace twinshift::warehouse
