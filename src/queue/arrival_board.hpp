// Counts arrivals by hour in memory, for queues that have no transaction of ours to count in (SQS). Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>

#include "base/clock.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::queue {

class ArrivalBoard {
 public:
  // One message that is durable in the queue now.
  void add(base::WallTime received_at) {
    const std::lock_guard lock(mutex_);
    ++hours_[std::chrono::floor<std::chrono::hours>(received_at)];
  }

  [[nodiscard]] Arrivals arrivals() const {
    const std::lock_guard lock(mutex_);
    Arrivals arrivals{.hours = {}, .waiting_known = false, .kept = false};
    for (const auto& [hour, received] : hours_) arrivals.hours.push_back({.hour = hour, .received = received});
    return arrivals;
  }

 private:
  mutable std::mutex mutex_;
  std::map<base::WallTime, std::uint64_t> hours_;  // one an hour of the process's life
};

}  // namespace twinshift::queue
