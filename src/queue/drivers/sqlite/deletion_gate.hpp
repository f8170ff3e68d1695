// Where a queue's writer asks before it deletes: shut for a moment while somebody copies the stores (SettlingHold).
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace twinshift::queue {

class DeletionGate {
 public:
  explicit DeletionGate(const base::Clock& clock = base::system_clock()) : clock_(clock) {}

  // The writer's thread. Whether it may delete; then leave() follows the transaction. A time that has run out is
  // noticed here, so that open() tells it.
  [[nodiscard]] bool enter();
  void leave();

  // Any thread.
  [[nodiscard]] bool is_shut() const { return time_left().count() > 0; }
  // Until it opens by itself; 0: it is open.
  [[nodiscard]] std::chrono::milliseconds time_left() const;
  // See SettlingHold::hold_settling(). `wait_max`: for a deletion under way.
  base::Status shut(std::chrono::milliseconds most, std::chrono::milliseconds wait_max);
  // True where it was shut, and nobody has passed since.
  bool open();

 private:
  const base::Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable left_;
  std::optional<base::SteadyTime> shut_until_;  // mutex_
  bool inside_ = false;                         // mutex_
};

// One transaction's way through it.
class GatePass {
 public:
  // `wanted`: there is something to delete.
  GatePass(DeletionGate& gate, bool wanted) : gate_(gate), given_(wanted && gate.enter()) {}
  GatePass(const GatePass&) = delete;
  GatePass& operator=(const GatePass&) = delete;
  ~GatePass() {
    if (given_) gate_.leave();
  }
  [[nodiscard]] bool given() const { return given_; }

 private:
  DeletionGate& gate_;
  const bool given_;
};

}  // namespace twinshift::queue
