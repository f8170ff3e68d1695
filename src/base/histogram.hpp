// Durations counted by fixed bounds, fine enough to tell a 99th percentile of 5 ms, wide enough for a warehouse that
// takes a minute. The bounds are those of every histogram that is exported, so that they can be added up.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace twinshift::base {

// Seconds; a duration counts in the first bound that is not less. Longer ones count beyond the last.
inline constexpr std::array<double, 26> kLatencyBounds{
    0.00025, 0.0005, 0.001, 0.0015, 0.002, 0.003, 0.004, 0.005, 0.006, 0.0075, 0.01, 0.015, 0.02,
    0.03,    0.05,   0.075, 0.1,    0.2,   0.3,   0.5,   0.75,  1,     2,      5,    10,    60};

inline std::size_t latency_bucket(std::chrono::nanoseconds took) {
  const double seconds = std::chrono::duration<double>(took).count();
  const auto* const found = std::ranges::lower_bound(kLatencyBounds, seconds);
  return static_cast<std::size_t>(found - kLatencyBounds.begin());
}

// One thread, or a copy.
struct LatencyCounts {
  std::array<std::uint64_t, kLatencyBounds.size() + 1> counts{};  // by bound, not summed up
  std::chrono::nanoseconds sum{0};

  void add(std::chrono::nanoseconds took) {
    ++counts[latency_bucket(took)];
    sum += took;
  }
  [[nodiscard]] std::uint64_t total() const {
    std::uint64_t all = 0;
    for (const std::uint64_t count : counts) all += count;
    return all;
  }
  // What was counted since `before`, an earlier copy of the same.
  [[nodiscard]] LatencyCounts since(const LatencyCounts& before) const {
    LatencyCounts part = *this;
    for (std::size_t i = 0; i < counts.size(); ++i) part.counts[i] -= std::min(counts[i], before.counts[i]);
    part.sum -= before.sum;
    return part;
  }
  // In seconds, even within its bound; the last bound where it is longer. `share`: 0.5, 0.99. Nothing of nothing.
  [[nodiscard]] std::optional<double> quantile(double share) const {
    const std::uint64_t all = total();
    if (all == 0) return std::nullopt;
    const double wanted = share * static_cast<double>(all);
    double before = 0;
    for (std::size_t i = 0; i < kLatencyBounds.size(); ++i) {
      const auto here = static_cast<double>(counts[i]);
      if (here > 0 && before + here >= wanted) {
        const double low = i == 0 ? 0 : kLatencyBounds[i - 1];
        return low + (kLatencyBounds[i] - low) * std::clamp((wanted - before) / here, 0.0, 1.0);
      }
      before += here;
    }
    return kLatencyBounds.back();
  }
};

// Any thread, also on a hot path: two relaxed additions.
class LatencyHistogram {
 public:
  void add(std::chrono::nanoseconds took) {
    counts_[latency_bucket(took)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(took.count(), std::memory_order_relaxed);
  }
  [[nodiscard]] LatencyCounts read() const {
    LatencyCounts copy;
    for (std::size_t i = 0; i < counts_.size(); ++i) copy.counts[i] = counts_[i].load(std::memory_order_relaxed);
    copy.sum = std::chrono::nanoseconds(sum_.load(std::memory_order_relaxed));
    return copy;
  }

 private:
  std::array<std::atomic<std::uint64_t>, kLatencyBounds.size() + 1> counts_{};
  std::atomic<std::int64_t> sum_{0};
};

}  // namespace twinshift::base
