// When a lane may try: pauses after failures, and the circuit breaker. Plain decisions, no thread, clock or socket.
//
//   closed --(breaker_failures_max failures in a row, or trip())--> open --(pause over, probe answered)--> half open
//   half open --(a batch committed)--> closed;  half open --(any failure)--> open, with a longer pause
#pragma once

#include <optional>

#include "base/backoff.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "delivery/limits.hpp"

namespace twinshift::delivery {

enum class Breaker { closed, open, half_open };

class LanePolicy {
 public:
  LanePolicy(const TargetLimits& limits, std::uint64_t seed);

  // True where this closed the breaker.
  bool succeeded();
  // True where this opened the breaker.
  bool failed(base::SteadyTime now);
  // Opens at once. True where it was not open or half open.
  bool trip(base::SteadyTime now);
  // The probe's answer: on to half open, or open again for longer.
  void probed(bool answered, base::SteadyTime now);

  [[nodiscard]] bool may_try(base::SteadyTime now) const { return breaker_ != Breaker::open && now >= wait_until_; }
  [[nodiscard]] bool wants_probe(base::SteadyTime now) const { return breaker_ == Breaker::open && now >= wait_until_; }
  [[nodiscard]] base::SteadyTime wait_until() const { return wait_until_; }
  [[nodiscard]] Breaker breaker() const { return breaker_; }
  [[nodiscard]] int failures() const { return retry_.failures(); }

 private:
  void open(base::SteadyTime now);

  const int failures_max_;
  base::Random random_;
  base::Backoff retry_;
  base::Backoff pause_;
  Breaker breaker_ = Breaker::closed;
  base::SteadyTime wait_until_{};
};

}  // namespace twinshift::delivery
