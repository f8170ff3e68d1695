#include "warehouse/drivers/redshift_data/governor.hpp"

#include <algorithm>

namespace twinshift::warehouse {

CallGovernor::CallGovernor(double calls_per_second_max)
    : rate_(calls_per_second_max), burst_(std::max(kBurstMin, calls_per_second_max)), tokens_(burst_) {}

void CallGovernor::refill(base::SteadyTime now) {
  if (last_ != base::SteadyTime{}) {
    tokens_ = std::min(burst_, tokens_ + std::chrono::duration<double>(now - last_).count() * rate_);
  }
  last_ = now;
}

std::chrono::nanoseconds CallGovernor::take(base::SteadyTime now) {
  refill(now);
  tokens_ -= 1;
  if (tokens_ >= 0) return std::chrono::nanoseconds(0);
  return std::chrono::ceil<std::chrono::nanoseconds>(std::chrono::duration<double>(-tokens_ / rate_));
}

}  // namespace twinshift::warehouse
