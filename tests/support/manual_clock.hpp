// A clock that stands still until the test moves it. Any thread may call its functions.
#pragma once

#include <atomic>
#include <chrono>

#include "base/clock.hpp"

namespace twinshift::tests {

class ManualClock final : public base::Clock {
 public:
  // 2024-01-01 12:00:00 UTC unless told otherwise; the steady clock starts at one hour.
  explicit ManualClock(base::WallTime now = base::WallTime(std::chrono::seconds(1'704'110'400))) {
    wall_us_ = now.time_since_epoch().count();
  }

  base::WallTime now() const override { return base::WallTime(std::chrono::microseconds(wall_us_.load())); }
  base::SteadyTime steady() const override { return base::SteadyTime(std::chrono::microseconds(steady_us_.load())); }

  // Time passes on both clocks.
  void advance(std::chrono::microseconds by) {
    wall_us_ += by.count();
    steady_us_ += by.count();
  }

  // The wall clock jumps (someone set it); the steady one does not.
  void set(base::WallTime now) { wall_us_ = now.time_since_epoch().count(); }

 private:
  std::atomic<std::int64_t> wall_us_{0};
  std::atomic<std::int64_t> steady_us_{3'600'000'000};
};

}  // namespace twinshift::tests
