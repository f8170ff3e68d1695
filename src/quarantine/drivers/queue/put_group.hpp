// What put() leaves behind for the answers that come on the queue's threads.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "quarantine/drivers/queue/half_kept.hpp"
#include "quarantine/drivers/queue/tally.hpp"
#include "quarantine/quarantine.hpp"
#include "queue/group_done.hpp"

namespace twinshift::quarantine {

// What status() shows, and what the next put() must know. Any thread.
struct Board {
  std::mutex mutex;  // guards all below
  Tally records;     // by event
  Tally messages;    // by message_name()
  HalfKept half_kept;
  std::optional<base::Error> trouble;
};

// Collects the answers of one put(); with the last one the board is told, then `done` is called. Any thread.
class PutGroup {
 public:
  PutGroup(std::shared_ptr<Board> board, const base::Clock& clock, const std::vector<Refused>& events, Done done)
      : board_(std::move(board)),
        clock_(clock),
        answers_(events.size(), [this, done = std::move(done)](base::Status outcome) mutable {
          tell_board(outcome);
          done(std::move(outcome));
        }) {
    for (const Refused& each : events) {
      std::string event_id = each.event->id.hex();
      std::string name = message_name(event_id, each.event->received_at);
      parts_.push_back({.name = {each.target, std::move(name)}, .event_id = std::move(event_id)});
    }
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
    parts_[index].is_kept = status.has_value();
    answers_.part(std::move(status));
  }

 private:
  struct Part {
    HalfKept::Name name;
    std::string event_id;
    bool is_kept = false;
  };

  void tell_board(const base::Status& outcome) {
    const std::lock_guard lock(board_->mutex);
    board_->trouble = outcome ? std::nullopt : std::optional(outcome.error());
    for (const Part& each : parts_) {
      if (each.is_kept) board_->records.kept(each.name.first, each.event_id);
      if (each.is_kept) board_->messages.kept(each.name.first, each.name.second);
      if (each.is_kept && !outcome) board_->half_kept.remember(each.name, clock_.steady());
    }
  }

  const std::shared_ptr<Board> board_;
  const base::Clock& clock_;
  std::vector<Part> parts_;  // each written once, by whoever answers it, before the last of answers_
  queue::GroupDone answers_;
};

}  // namespace twinshift::quarantine
