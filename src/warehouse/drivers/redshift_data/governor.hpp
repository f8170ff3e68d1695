// A bound on the calls a second of one target, all kinds together: a token bucket. One thread at a time; no I/O.
#pragma once

#include <chrono>

#include "base/clock.hpp"

namespace twinshift::warehouse {

class CallGovernor {
 public:
  // Up to one second's calls may be made at once after a quiet time, at least kBurstMin.
  explicit CallGovernor(double calls_per_second_max);

  // Takes the right to one call; says how long to wait before it is made.
  std::chrono::nanoseconds take(base::SteadyTime now);

 private:
  static constexpr double kBurstMin = 4;

  void refill(base::SteadyTime now);

  double rate_;
  double burst_;
  double tokens_;
  base::SteadyTime last_{};
};

}  // namespace twinshift::warehouse
