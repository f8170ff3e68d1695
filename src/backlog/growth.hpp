// How fast a backlog grows or drains, over a sliding window, and where that leads. No I/O, no clock of its own: times
// are the steady clock's, so a wall clock that jumps changes nothing. One thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.hpp"

namespace twinshift::backlog {

// The window, and how often a sample is kept in it: 60 samples at most.
inline constexpr std::chrono::minutes kGrowthWindow{5};
inline constexpr std::chrono::seconds kGrowthStep{5};

struct Growth {
  double events_per_second = 0;
  double bytes_per_second = 0;
  std::optional<std::chrono::seconds> parity_in{};
  std::optional<std::chrono::seconds> budget_used_in{};
};

class GrowthMeter {
 public:
  // To be told often; keeps what it needs.
  void sample(base::SteadyTime now, std::uint64_t events, std::uint64_t bytes);
  // Against the oldest sample of the window. All zero until one is kGrowthStep old.
  [[nodiscard]] Growth growth(base::SteadyTime now, std::uint64_t events, std::uint64_t bytes,
                              std::uint64_t bytes_max) const;

 private:
  struct Sample {
    base::SteadyTime at;
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
  };
  std::deque<Sample> samples_;
};

// Says in the log when the budget will be used up soon, and when that is over. One thread at a time.
class BudgetHerald {
 public:
  explicit BudgetHerald(std::string target) : target_(std::move(target)) {}

  enum class Level : std::uint8_t { calm, days, hours, used };
  // `storing_bodies`: false while events are kept by their ids alone.
  void tell(base::SteadyTime now, const Growth& growth, std::uint64_t bytes, std::uint64_t bytes_max,
            bool storing_bodies);
  [[nodiscard]] Level level() const { return level_; }

 private:
  const std::string target_;
  Level level_ = Level::calm;
  base::SteadyTime said_at_{};
};

}  // namespace twinshift::backlog
