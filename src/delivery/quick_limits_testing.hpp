// Bounds with which delivery does within milliseconds what takes seconds otherwise. One thread.
#pragma once

#include <chrono>

#include "delivery/delivery.hpp"
#include "delivery/limits.hpp"

namespace twinshift::delivery::testing {

// `park_after`: likewise greeting_max.
inline TargetLimits quick_limits(std::chrono::milliseconds park_after) {
  using namespace std::chrono_literals;
  TargetLimits limits;
  limits.park_after = park_after;
  limits.greeting_max = park_after;
  limits.retry = {1ms, 10ms};
  limits.breaker_pause = {10ms, 50ms};
  limits.backlog_poll = 20ms;
  return limits;
}

inline Options quick_options() {
  using namespace std::chrono_literals;
  Options options;
  options.limits.receive_wait = 50ms;
  options.limits.release = {10ms, 50ms};
  return options;
}

}  // namespace twinshift::delivery::testing
