#include "aws/retry.hpp"

#include <algorithm>
#include <cstdint>

namespace twinshift::aws {

bool RetryBudget::take(int cost) {
  const std::lock_guard lock(mutex_);
  if (tokens_ < cost) return false;
  tokens_ -= cost;
  return true;
}

void RetryBudget::succeeded(int last_cost) {
  const std::lock_guard lock(mutex_);
  tokens_ = std::min(kRetryTokensMax, tokens_ + std::max(1, last_cost));
}

std::chrono::milliseconds retry_wait(int retry, bool throttled, std::optional<std::chrono::milliseconds> wish,
                                     base::Random& random) {
  constexpr int kDoublingsMax = 20;
  const auto first = throttled ? kThrottleFirst : kRetryFirst;
  const auto step = std::min(kRetryMost, first * (std::int64_t{1} << std::clamp(retry - 1, 0, kDoublingsMax)));
  const std::chrono::milliseconds own(random.below(static_cast<std::uint64_t>(step.count()) + 1));  // "full jitter"
  return wish ? std::clamp(*wish, own, own + kRetryAfterMore) : own;
}

}  // namespace twinshift::aws
