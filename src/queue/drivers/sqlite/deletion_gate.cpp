#include "queue/drivers/sqlite/deletion_gate.hpp"

#include <algorithm>

namespace twinshift::queue {

bool DeletionGate::enter() {
  const std::lock_guard lock(mutex_);
  if (shut_until_ && clock_.steady() < *shut_until_) return false;
  shut_until_.reset();
  inside_ = true;
  return true;
}

void DeletionGate::leave() {
  {
    const std::lock_guard lock(mutex_);
    inside_ = false;
  }
  left_.notify_all();
}

std::chrono::milliseconds DeletionGate::time_left() const {
  using std::chrono::milliseconds;
  const std::lock_guard lock(mutex_);
  if (!shut_until_) return milliseconds(0);
  // Up, so that who waits for so long finds it open.
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(*shut_until_ - clock_.steady()));
}

base::Status DeletionGate::shut(std::chrono::milliseconds most, std::chrono::milliseconds wait_max) {
  std::unique_lock lock(mutex_);
  shut_until_ = clock_.steady() + most;
  if (left_.wait_for(lock, wait_max, [this] { return !inside_; })) return {};
  shut_until_.reset();
  return base::fail(base::ErrorKind::unavailable, "the queue's file does not come back from a write", "queue",
                    "Look at its disk, then try again: nothing is lost");
}

bool DeletionGate::open() {
  const std::lock_guard lock(mutex_);
  const bool kept = shut_until_.has_value();
  shut_until_.reset();
  return kept;
}

}  // namespace twinshift::queue
