// What happened in a run, line by line, for whoever replays a seed. Off in ordinary runs: nothing is formatted then.
// One thread.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/clock.hpp"

namespace twinshift::simulation {

// Every world's steady clock begins here.
inline constexpr base::SteadyTime kBeginning{std::chrono::hours(1)};

class Trace {
 public:
  Trace(bool on, const base::SteadyTime& now) : on_(on), now_(now) {}

  template <class... Values>
  void note(fmt::format_string<Values...> text, Values&&... values) {
    if (!on_) return;
    const auto ms = std::chrono::duration_cast<std::chrono::microseconds>(now_ - kBeginning).count() / 1000.0;
    lines_.push_back(fmt::format("{:>11.3f} ms  {}", ms, fmt::format(text, std::forward<Values>(values)...)));
  }
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

 private:
  const bool on_;
  const base::SteadyTime& now_;  // the world's
  std::vector<std::string> lines_;
};

}  // namespace twinshift::simulation
