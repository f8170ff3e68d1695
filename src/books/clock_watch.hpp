// Up to when time has passed for certain, for what cannot be taken back: the removal of old markers. A wall clock that
// jumps ahead by days, be it for seconds, would else make everything old.
//
// The watch goes on over restarts, since processes that live for less than a day would else never believe any time:
// what is kept (ClockRecord) is stored by the caller. Of a stretch in which no process ran, or the machine slept, the
// wall clock alone tells; so the time after it is believed only once processes have run for kWatchedMin more, and the
// clock never went back. One thread at a time.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.hpp"

namespace twinshift::books {

// What outlives the process.
struct ClockRecord {
  base::WallTime last{};                 // the wall clock, when it was last looked at
  base::WallTime candidate{};            // a time that is believed once `watched` is enough
  base::WallTime confirmed{};            // passed for certain
  std::chrono::microseconds watched{0};  // how long processes have run since `candidate`

  bool operator==(const ClockRecord&) const = default;
};

class ClockWatch {
 public:
  // So long the clock must have kept step with the steady one, or at least never have gone back, ...
  static constexpr std::chrono::hours kWatchedMin{24};
  // ... within this: what time servers correct is far less.
  static constexpr std::chrono::minutes kStepMax{10};

  explicit ClockWatch(ClockRecord record = {}) : record_(record) {}

  // The latest time that has passed for certain, never after `wall`; the epoch: none is known. Call it now and then.
  base::WallTime believed(base::WallTime wall, base::SteadyTime steady);
  [[nodiscard]] const ClockRecord& record() const { return record_; }

 private:
  void look(base::WallTime wall, base::SteadyTime steady);

  ClockRecord record_;
  bool begun_ = false;
  base::WallTime::duration offset_{};  // wall clock less steady clock
  base::SteadyTime in_step_since_{};   // of this process
  base::SteadyTime looked_at_{};
};

inline base::WallTime ClockWatch::believed(base::WallTime wall, base::SteadyTime steady) {
  look(wall, steady);
  if (record_.watched >= kWatchedMin) {
    record_.confirmed = std::max(record_.confirmed, record_.candidate + record_.watched);
    record_.candidate = wall;
    record_.watched = {};
  }
  if (steady - in_step_since_ >= kWatchedMin) record_.confirmed = std::max(record_.confirmed, wall);
  record_.confirmed = std::min(record_.confirmed, wall);
  return record_.confirmed;
}

inline void ClockWatch::look(base::WallTime wall, base::SteadyTime steady) {
  using std::chrono::duration_cast;
  const auto offset = wall.time_since_epoch() - duration_cast<base::WallTime::duration>(steady.time_since_epoch());
  const bool back = begun_ ? offset < offset_ - kStepMax : wall < record_.last - kStepMax;
  const bool ahead = begun_ && offset > offset_ + kStepMax;
  if (begun_ && !back) record_.watched += duration_cast<std::chrono::microseconds>(steady - looked_at_);
  // What was shown before may have been wrong by any amount.
  if (back || record_.candidate == base::WallTime{}) {
    record_.candidate = wall;
    record_.watched = {};
  }
  if (!begun_ || back || ahead) {
    begun_ = true;
    offset_ = offset;
    in_step_since_ = steady;
  }
  looked_at_ = steady;
  record_.last = wall;
}

}  // namespace twinshift::books
