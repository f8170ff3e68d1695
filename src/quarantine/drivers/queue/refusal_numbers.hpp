// Numbers for refusals: 63 bits that grow with time, so that records stand in the order of arrival, and never given
// twice: microseconds since 1970 in the high 52 (until 2112), and below them 11 random ones, for what several instances
// keep in the same microsecond. Any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace twinshift::quarantine {

class RefusalNumbers {
 public:
  explicit RefusalNumbers(std::uint64_t seed) : random_(seed) {}

  // Greater than every earlier one of this object, also where the clock was set back.
  std::int64_t next(base::WallTime now) {
    const std::lock_guard lock(mutex_);
    const std::int64_t us = std::clamp<std::int64_t>(now.time_since_epoch().count(), 0, kMicrosecondsMax);
    const auto tail = static_cast<std::int64_t>(random_.next() & ((1U << kRandomBits) - 1));
    last_ = std::max(last_ + 1, (us << kRandomBits) | tail);
    return last_;
  }

 private:
  static constexpr int kRandomBits = 11;
  static constexpr std::int64_t kMicrosecondsMax = (std::int64_t{1} << 52) - 2;

  std::mutex mutex_;  // guards all below
  base::Random random_;
  std::int64_t last_ = 0;
};

}  // namespace twinshift::quarantine
