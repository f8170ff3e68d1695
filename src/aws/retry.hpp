// When a call is tried again: the "standard" mode of the AWS SDKs in its revision of 2026 (botocore's standard.py and
// CHANGELOG: base 50 ms, 1 s after a throttle, at most 20 s; a bucket of 500 tokens, 14 a retry, 5 after a throttle).
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "base/random.hpp"

namespace twinshift::aws {

inline constexpr int kRetryTokensMax = 500;
inline constexpr int kRetryCost = 14;
inline constexpr int kThrottleCost = 5;
inline constexpr std::chrono::milliseconds kRetryFirst{50};
inline constexpr std::chrono::milliseconds kThrottleFirst{1'000};
inline constexpr std::chrono::milliseconds kRetryMost{20'000};
// A server's own wish (x-amz-retry-after) is granted up to this much beyond our own wait.
inline constexpr std::chrono::milliseconds kRetryAfterMore{5'000};

// What all calls of a client share, so that an outage is not answered by a flood of retries. Any thread.
class RetryBudget {
 public:
  // False: too many retries have failed lately, give up at once.
  bool take(int cost);
  // A call went well: gives back what its last retry cost, or one token where it needed none.
  void succeeded(int last_cost);

 private:
  std::mutex mutex_;
  int tokens_ = kRetryTokensMax;  // guarded by mutex_
};

// How long to wait before try number `retry` + 1 (`retry` counts from 1). `wish`: the server's.
std::chrono::milliseconds retry_wait(int retry, bool throttled, std::optional<std::chrono::milliseconds> wish,
                                     base::Random& random);

}  // namespace twinshift::aws
