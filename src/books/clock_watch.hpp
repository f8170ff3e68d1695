// Whether the wall clock may be believed with something that cannot be taken back: the removal of old markers. A clock
// that jumps ahead by days, be it for seconds, would else make everything old. One thread at a time.
#pragma once

#include <chrono>

#include "base/clock.hpp"

namespace twinshift::books {

class ClockWatch {
 public:
  // Believed once it has kept step with the steady clock for so long ...
  static constexpr std::chrono::hours kWatchedMin{24};
  // ... within this: what time servers correct is far less.
  static constexpr std::chrono::minutes kStepMax{10};

  // Call it now and then: a step begins the watch anew.
  bool believes(base::WallTime wall, base::SteadyTime steady) {
    const auto offset =
        wall.time_since_epoch() - std::chrono::duration_cast<base::WallTime::duration>(steady.time_since_epoch());
    if (!begun_ || offset > offset_ + kStepMax || offset < offset_ - kStepMax) {
      begun_ = true;
      offset_ = offset;
      since_ = steady;
    }
    return steady - since_ >= kWatchedMin;
  }

 private:
  bool begun_ = false;
  base::WallTime::duration offset_{};
  base::SteadyTime since_{};
};

}  // namespace twinshift::books
