// The pause before a call is tried again, with jitter. On the caller's thread; any number at once.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "base/backoff.hpp"
#include "base/ids.hpp"

namespace twinshift::queue::sqs {

// After `tries` tries (1, 2, ...): at most `limits.most`, and over at once where `stop` is asked for.
inline void pause_before_retry(const base::BackoffLimits& limits, int tries, const std::stop_token& stop) {
  thread_local base::Random random(base::random_seed());
  base::Backoff backoff(limits);
  for (int i = 1; i < tries; ++i) backoff.next(random);
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, backoff.next(random), [] { return false; });
}

}  // namespace twinshift::queue::sqs
