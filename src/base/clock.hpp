// Time comes in through an object, so that a test or the simulator can set it.
#pragma once

#include <chrono>

namespace twinshift::base {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

// Any thread may call both functions.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;       // UTC, may jump
  virtual SteadyTime steady() const = 0;  // never jumps; for deadlines
};

class SystemClock final : public Clock {
 public:
  WallTime now() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
};

// One shared instance for the program's own wiring.
inline const SystemClock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace twinshift::base
