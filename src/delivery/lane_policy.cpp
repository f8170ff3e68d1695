#include "delivery/lane_policy.hpp"

namespace twinshift::delivery {

LanePolicy::LanePolicy(const TargetLimits& limits, std::uint64_t seed)
    : failures_max_(limits.breaker_failures_max), random_(seed), retry_(limits.retry), pause_(limits.breaker_pause) {}

bool LanePolicy::succeeded() {
  const bool closed_now = breaker_ != Breaker::closed;
  breaker_ = Breaker::closed;
  retry_.reset();
  pause_.reset();
  wait_until_ = {};
  return closed_now;
}

bool LanePolicy::failed(base::SteadyTime now) {
  const auto delay = retry_.next(random_);
  if (breaker_ == Breaker::half_open || retry_.failures() >= failures_max_) {
    const bool opened_now = breaker_ == Breaker::closed;
    open(now);
    return opened_now;
  }
  wait_until_ = now + delay;
  return false;
}

bool LanePolicy::trip(base::SteadyTime now) {
  const bool opened_now = breaker_ == Breaker::closed;
  open(now);
  return opened_now;
}

void LanePolicy::probed(bool answered, base::SteadyTime now) {
  if (breaker_ != Breaker::open) return;
  if (answered) {
    breaker_ = Breaker::half_open;
    wait_until_ = now;
  } else {
    open(now);
  }
}

void LanePolicy::open(base::SteadyTime now) {
  breaker_ = Breaker::open;
  wait_until_ = now + pause_.next(random_);
}

}  // namespace twinshift::delivery
