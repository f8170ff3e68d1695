// Committed messages that wait to be lent for the first time, in id order: the next ones in memory, the rest known to
// be in the file. Memory is bounded whatever stands in the file. One thread at a time (the queue's book lock).
//
//   lent before | on the shelf ... loaded_to | only in the file ... committed_to
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "queue/drivers/sqlite/queue_file.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::queue {

struct StoredMessage {
  std::int64_t id = 0;
  Message message;
};

class Shelf {
 public:
  Shelf(std::size_t messages_max, std::size_t bytes_max) : messages_max_(messages_max), bytes_max_(bytes_max) {}

  // Just committed, ids ascending up to `committed_to`. What follows on the shelf's own without a gap and has room is
  // taken over in memory (moved out of `messages`); the rest is read from the file later.
  void committed(std::span<Incoming> messages, std::int64_t committed_to);

  // A page read from the file: all messages with loaded_to() < id <= `read_to`.
  void loaded(std::vector<StoredMessage> page, std::int64_t read_to);

  // Is there something that only the file has?
  [[nodiscard]] bool behind() const { return loaded_to_ < committed_to_; }
  [[nodiscard]] bool empty() const { return messages_.empty(); }
  [[nodiscard]] std::int64_t loaded_to() const { return loaded_to_; }
  [[nodiscard]] std::int64_t committed_to() const { return committed_to_; }

  // The next message; not empty.
  StoredMessage take();
  [[nodiscard]] std::size_t front_bytes() const { return messages_.front().message.body.size(); }

 private:
  void put(std::int64_t id, Message message);

  const std::size_t messages_max_;
  const std::size_t bytes_max_;
  std::deque<StoredMessage> messages_;
  std::size_t bytes_ = 0;
  std::int64_t loaded_to_ = 0;
  std::int64_t committed_to_ = 0;
};

}  // namespace twinshift::queue
