// How long the service works at one order of a command that changes targets (erase, repair, rebuild). What is not done
// by then the command asks for again: each answer is in time, however long the whole takes. Any thread.
#pragma once

#include <algorithm>
#include <chrono>

#include "app/turns.hpp"
#include "base/clock.hpp"
#include "control/control.hpp"
#include "delivery/lane_job.hpp"

namespace twinshift::app {

// Nothing more is begun after it.
inline constexpr std::chrono::seconds kOrderMax{120};
// What is under way is waited for until then.
inline constexpr std::chrono::seconds kOrderEnd{260};
static_assert(kOrderMax < kOrderEnd);
static_assert(kTurnMax + kOrderEnd < control::kAnswerMax, "the command would give up before it has its answer");

class OrderTime {
 public:
  explicit OrderTime(const base::Clock& clock) : clock_(clock), begun_(clock.steady()) {}

  [[nodiscard]] base::SteadyTime begin_until() const { return begun_ + kOrderMax; }
  [[nodiscard]] bool may_begin() const { return clock_.steady() < begin_until(); }
  // For one job on a lane.
  [[nodiscard]] std::chrono::milliseconds job_max() const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(begun_ + kOrderEnd - clock_.steady());
    return std::clamp(left, std::chrono::milliseconds(0), delivery::kJobMax);
  }

 private:
  const base::Clock& clock_;
  const base::SteadyTime begun_;
};

}  // namespace twinshift::app
