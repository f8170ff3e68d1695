// How long to wait before the next try: grows by doubling up to a bound, with jitter so that many do not come back at
// once.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/random.hpp"

namespace twinshift::base {

struct BackoffLimits {
  std::chrono::milliseconds first{100};
  std::chrono::milliseconds most{30'000};
};

class Backoff {
 public:
  explicit Backoff(BackoffLimits limits) : limits_(limits) {}

  // Between half and the whole of the present step ("equal jitter"); each call doubles the step up to `most`.
  std::chrono::milliseconds next(Random& random) {
    const auto step = std::min(limits_.most, limits_.first * (std::int64_t{1} << std::min(failures_, 20)));
    ++failures_;
    const auto half = step.count() / 2;
    return std::chrono::milliseconds(
        half + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(step.count() - half + 1))));
  }
  void reset() { failures_ = 0; }
  [[nodiscard]] int failures() const { return failures_; }

 private:
  BackoffLimits limits_;
  int failures_ = 0;
};

}  // namespace twinshift::base
