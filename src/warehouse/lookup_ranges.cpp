#include "warehouse/lookup_ranges.hpp"

#include <algorithm>

namespace twinshift::warehouse {
namespace {

// Narrower gaps are not worth a range of their own: a block of the table spans more.
constexpr std::chrono::minutes kGapMin{10};

}  // namespace

std::vector<TimeRange> lookup_ranges(std::vector<base::WallTime> times) {
  if (times.empty()) return {};
  std::ranges::sort(times);
  std::vector<std::size_t> cuts;  // a range begins at this index
  for (std::size_t i = 1; i < times.size(); ++i) {
    if (times[i] - times[i - 1] >= kGapMin) cuts.push_back(i);
  }
  if (cuts.size() >= kRangesMax) {
    const auto gap = [&](std::size_t i) { return times[i] - times[i - 1]; };
    std::ranges::nth_element(cuts, cuts.begin() + (kRangesMax - 1),
                             [&](std::size_t a, std::size_t b) { return gap(a) > gap(b); });
    cuts.resize(kRangesMax - 1);
    std::ranges::sort(cuts);
  }
  std::vector<TimeRange> ranges;
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    ranges.push_back({times[begin], times[cut - 1]});
    begin = cut;
  }
  ranges.push_back({times[begin], times.back()});
  return ranges;
}

}  // namespace twinshift::warehouse
