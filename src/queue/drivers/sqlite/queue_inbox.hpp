// What waits for the queue's next commit: messages (bounded by count and bytes) and deletions (bounded by the number of
// loans). Any thread puts in; the writer takes out.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "queue/drivers/sqlite/queue_file.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::queue {

// Acknowledged messages on their way out, and who waits for it.
struct Erasure {
  std::vector<std::int64_t> ids;
  Done done;
  bool waived = false;  // IdRange::waived
};

// What one transaction carries out.
struct WorkBatch {
  std::vector<Incoming> messages;
  std::vector<Erasure> erasures;
  std::size_t bytes = 0;
  bool closing = false;  // nothing more will come once the inbox is empty
  [[nodiscard]] bool empty() const { return messages.empty() && erasures.empty(); }
};

class QueueInbox {
 public:
  QueueInbox(std::size_t messages_max, std::size_t bytes_max) : messages_max_(messages_max), bytes_max_(bytes_max) {}

  enum class Put { taken, full, closed };
  // `incoming` is moved from only where it is taken.
  Put put(Incoming& incoming);
  Put put(Erasure& erasure);

  // Waits up to `wait` for work, then takes what one transaction should carry. The messages count as waiting until
  // written() is called for them.
  WorkBatch take(std::chrono::milliseconds wait);
  void written(const WorkBatch& batch);
  // Ends the wait of take(), now or when it next begins, also without work.
  void wake();

  void close();
  [[nodiscard]] bool closed() const;
  [[nodiscard]] bool has_work() const;

 private:
  const std::size_t messages_max_;
  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  // All below: mutex_.
  std::deque<Incoming> messages_;
  std::vector<Erasure> erasures_;
  std::size_t messages_waiting_ = 0;  // here and in the batch being written
  std::size_t bytes_waiting_ = 0;
  bool closed_ = false;
  bool sleeping_ = false;
  bool woken_ = false;  // wake(), and no take() since
};

}  // namespace twinshift::queue
