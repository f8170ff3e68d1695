// Where in a table's sort order a batch may already stand. Any thread; no I/O.
#pragma once

#include <vector>

#include "base/clock.hpp"

namespace twinshift::warehouse {

// Both ends belong to it.
struct TimeRange {
  base::WallTime first;
  base::WallTime last;
  bool operator==(const TimeRange&) const = default;
};

// More ranges would make a statement's text long without letting it skip much more.
inline constexpr std::size_t kRangesMax = 8;

// The fewest and narrowest ranges, in order, that hold all `times`: cut at the widest gaps. Empty where there is no
// time.
std::vector<TimeRange> lookup_ranges(std::vector<base::WallTime> times);

}  // namespace twinshift::warehouse
