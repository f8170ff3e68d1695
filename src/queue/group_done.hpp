// Collects the answers to the parts of one request; the last one calls `done`, with the first error where there was
// one. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <utility>

#include "base/error.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::queue {

class GroupDone {
 public:
  GroupDone(std::size_t parts, Done done) : parts_left_(parts), done_(std::move(done)) {}

  void part(base::Status status) {
    if (!status) {
      const std::lock_guard lock(mutex_);
      if (outcome_) outcome_ = base::fail(std::move(status.error()));
    }
    if (parts_left_.fetch_sub(1, std::memory_order_acq_rel) == 1) done_(std::move(outcome_));
  }

 private:
  std::atomic<std::size_t> parts_left_;
  std::mutex mutex_;
  base::Status outcome_;
  Done done_;
};

}  // namespace twinshift::queue
