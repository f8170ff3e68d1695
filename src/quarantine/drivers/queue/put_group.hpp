// What put() leaves behind for the answers that come on the queue's threads.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "quarantine/drivers/queue/half_kept.hpp"
#include "quarantine/drivers/queue/tally.hpp"
#include "quarantine/quarantine.hpp"

namespace twinshift::quarantine {

// What status() shows, and what the next put() must know. Any thread.
struct Board {
  std::mutex mutex;  // guards all below
  Tally tally;
  HalfKept half_kept;
  std::optional<base::Error> trouble;
};

// Collects the answers of one put(); the last one calls `done`. Any thread.
class PutGroup {
 public:
  PutGroup(std::shared_ptr<Board> board, const base::Clock& clock, const std::vector<Refused>& events, Done done)
      : board_(std::move(board)), clock_(clock), parts_left_(events.size()), done_(std::move(done)) {
    for (const Refused& each : events) parts_.push_back({{each.target, each.event->id.hex()}});
  }

  // Which events need a message: all but those that an earlier put() has kept and not told.
  std::vector<bool> missing() {
    std::vector<bool> missing;
    const std::lock_guard lock(board_->mutex);
    for (const Part& each : parts_) missing.push_back(!board_->half_kept.take(each.name, clock_.steady()));
    return missing;
  }

  // Once for each event.
  void part(std::size_t index, base::Status status) {
    {
      const std::lock_guard lock(mutex_);
      parts_[index].is_kept = status.has_value();
      if (!status && outcome_) outcome_ = base::fail(std::move(status.error()));
      if (--parts_left_ > 0) return;
    }
    tell_board();
    done_(std::move(outcome_));
  }

 private:
  struct Part {
    HalfKept::Name name;
    bool is_kept = false;
  };

  void tell_board() {
    const std::lock_guard lock(board_->mutex);
    board_->trouble = outcome_ ? std::nullopt : std::optional(outcome_.error());
    for (const Part& each : parts_) {
      if (each.is_kept) board_->tally.kept(each.name.first, each.name.second);
      if (each.is_kept && !outcome_) board_->half_kept.remember(each.name, clock_.steady());
    }
  }

  const std::shared_ptr<Board> board_;
  const base::Clock& clock_;
  std::mutex mutex_;  // guards all below until the last part
  std::vector<Part> parts_;
  std::size_t parts_left_;
  base::Status outcome_;  // the first error
  Done done_;
};

}  // namespace twinshift::quarantine
