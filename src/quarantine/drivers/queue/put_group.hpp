// What put() leaves behind for the answers that come on the queue's threads.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "quarantine/drivers/queue/tally.hpp"
#include "quarantine/quarantine.hpp"

namespace twinshift::quarantine {

// What status() shows. Any thread.
struct Board {
  std::mutex mutex;  // guards all below
  Tally tally;
  std::optional<base::Error> trouble;
};

// Collects the answers of one put(); the last one calls `done`. Any thread.
class PutGroup {
 public:
  PutGroup(std::shared_ptr<Board> board, const std::vector<Refused>& events, Done done)
      : board_(std::move(board)), parts_left_(events.size()), done_(std::move(done)) {
    for (const Refused& each : events) names_.emplace_back(each.target, each.event->id.hex());
  }

  void part(base::Status status) {
    if (!status) {
      const std::lock_guard lock(mutex_);
      if (outcome_) outcome_ = base::fail(std::move(status.error()));
    }
    if (parts_left_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    tell_board();
    done_(std::move(outcome_));
  }

 private:
  void tell_board() {
    const std::lock_guard lock(board_->mutex);
    board_->trouble = outcome_ ? std::nullopt : std::optional(outcome_.error());
    if (!outcome_) return;
    for (const auto& [target, event_id] : names_) board_->tally.kept(target, event_id);
  }

  const std::shared_ptr<Board> board_;
  std::vector<std::pair<std::string, std::string>> names_;  // target, event id
  std::atomic<std::size_t> parts_left_;
  std::mutex mutex_;      // guards outcome_ until the last part
  base::Status outcome_;  // the first error
  Done done_;
};

}  // namespace twinshift::quarantine
