// What one target still owes: events that are durable here instead of in the target, until its lane has written them.
// An event queue of its own (its own file and writer), so that nothing is shared with the live path.
//
// Threads: every function may be called from any thread. `done` runs on a thread of the queue's driver: short, no
// waiting.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "event/event.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::backlog {

struct BacklogStatus {
  std::uint64_t owed = 0;  // events, those that a lane is writing just now included
  std::chrono::milliseconds oldest_age{0};
  std::optional<base::Error> trouble;  // why nothing can be parked now
};

class Backlog {
 public:
  Backlog(std::string target, std::unique_ptr<queue::EventQueue> queue);
  ~Backlog();
  Backlog(const Backlog&) = delete;
  Backlog& operator=(const Backlog&) = delete;

  // `done` is called once: with success when every event is durable, else with the first error. After an error a part
  // of the group may stand in the backlog all the same: the target then gets it twice and keeps it once (`event_id`).
  void park(std::vector<event::EventPtr> events, queue::Done done);

  // As the queue's own; see queue/event_queue.hpp.
  base::Result<std::vector<queue::Lease>> receive(std::size_t events_max, std::chrono::milliseconds wait,
                                                  std::stop_token stop);
  void acknowledge(std::vector<queue::Receipt> receipts, queue::Done done);
  void release(const std::vector<queue::Receipt>& receipts, std::chrono::milliseconds delay);
  void extend(const std::vector<queue::Receipt>& receipts, std::chrono::milliseconds duration);

  BacklogStatus status();
  // For the books: what is owed, by hour of arrival.
  base::Result<queue::Arrivals> count_arrivals();
  void close();
  [[nodiscard]] const std::string& target() const { return target_; }

 private:
  const std::string target_;
  const std::unique_ptr<queue::EventQueue> queue_;
};

}  // namespace twinshift::backlog
