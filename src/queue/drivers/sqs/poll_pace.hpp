// How many polls go on at once, and how soon the next one follows: as few as bring the messages in full tens, so that a
// quiet hour costs one long poll and a full queue gets them all. No I/O, no clock; one thread at a time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace twinshift::queue::sqs {

class PollPace {
 public:
  PollPace(std::size_t polls_max, std::size_t messages_max) : polls_max_(polls_max), messages_max_(messages_max) {}

  [[nodiscard]] bool may_start() const { return under_way_ < active_; }
  [[nodiscard]] std::size_t under_way() const { return under_way_; }
  [[nodiscard]] std::size_t active() const { return active_; }
  // A turn is a poll and the pause after it.
  void started() { ++under_way_; }
  void turn_ended() { --under_way_; }

  // A poll came back with so many messages. The pause that belongs to its turn: the emptier it came, the longer, so
  // that messages gather meanwhile (a long poll comes back with the first one).
  std::chrono::milliseconds came_back(std::size_t messages) {
    if (messages * 2 >= messages_max_) {
      active_ = std::min(active_ + 1, polls_max_);
    } else if (messages * 4 < messages_max_) {
      active_ = std::max<std::size_t>(active_ - 1, 1);
    }
    if (messages == 0 || messages >= messages_max_) return std::chrono::milliseconds(0);
    return kGatherMax * static_cast<int>(messages_max_ - messages) / static_cast<int>(messages_max_);
  }
  // A poll failed: one at a time finds out when it is over.
  void failed() { active_ = 1; }

  static constexpr std::chrono::milliseconds kGatherMax{10};

 private:
  const std::size_t polls_max_;
  const std::size_t messages_max_;
  std::size_t under_way_ = 0;
  std::size_t active_ = 1;
};

}  // namespace twinshift::queue::sqs
