// The promise of what one target still owes: events that are durable here instead of in the target, until its lane has
// written them. Drivers: drivers/segments (files in the data folder, the default), QueueBacklog over an event queue
// (Amazon SQS, where no disk is kept). Nothing of it is shared with the live path.
//
// Threads: every function may be called from any thread. `done` runs on a thread of the driver: short, no waiting.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "event/event.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::backlog {

// What a backlog on a disk of ours takes there, and where that leads at the present rates.
struct StorageStatus {
  std::uint64_t bytes = 0;      // its files
  std::uint64_t bytes_max = 0;  // beyond it bodies are no longer kept
  // Over the last minutes; negative while it shrinks.
  double events_per_second = 0;
  double bytes_per_second = 0;
  std::uint64_t ids_only = 0;       // owed events whose body is not here: they are read from the primary again
  std::uint64_t lost = 0;           // events that a damaged file can no longer tell; nobody has them but the primary
  std::uint64_t damaged_files = 0;  // segments that are damaged, or were and are kept aside
  // Segments whose files could not be opened at the start, and the owed events in them: they wait for a start that can.
  std::uint64_t unreadable_files = 0;
  std::uint64_t unreadable_events = 0;
  std::optional<std::chrono::seconds> parity_in;       // until nothing is owed; none while that is not in sight
  std::optional<std::chrono::seconds> budget_used_in;  // until `bytes_max`; none while it does not grow
  std::optional<base::Error> refill_trouble;           // why bodies cannot be read from the primary now
};

struct BacklogStatus {
  std::uint64_t owed = 0;  // events, those included that a lane is writing just now, and those in unreadable files
  std::chrono::milliseconds oldest_age{0};
  std::optional<base::Error> trouble;    // why nothing can be parked now
  std::optional<StorageStatus> storage;  // none where somebody else keeps it (SQS)
};

// An owed event, without its body.
struct OwedEvent {
  event::EventId id;
  base::WallTime event_at{};
  base::WallTime received_at{};
};
// Shown some at a time; false: enough.
using ShowOwed = std::function<bool(std::span<const OwedEvent>)>;

class Backlog {
 public:
  explicit Backlog(std::string target) : target_(std::move(target)) {}
  virtual ~Backlog() = default;
  Backlog(const Backlog&) = delete;
  Backlog& operator=(const Backlog&) = delete;

  // `done` is called once: with success when every event is durable, else with the first error. After an error a part
  // of the group may stand in the backlog all the same: the target then gets it twice and keeps it once (`event_id`).
  virtual void park(std::vector<event::EventPtr> events, queue::Done done) = 0;

  // As a queue's own; see queue/event_queue.hpp.
  virtual base::Result<std::vector<queue::Lease>> receive(std::size_t events_max, std::chrono::milliseconds wait,
                                                          std::stop_token stop) = 0;
  virtual void acknowledge(std::vector<queue::Receipt> receipts, queue::Done done) = 0;
  virtual void release(const std::vector<queue::Receipt>& receipts, std::chrono::milliseconds delay) = 0;
  virtual void extend(const std::vector<queue::Receipt>& receipts, std::chrono::milliseconds duration) = 0;

  virtual BacklogStatus status() = 0;
  // For the books: what is owed, by hour of arrival. Without what stands in unreadable files, of whose hours nobody
  // knows: status() says how much that is.
  virtual base::Result<queue::Arrivals> count_arrivals() = 0;

  // Shows every event that is owed, without lending it: those that were owed when it began and still are, and perhaps
  // later ones. False where the backlog cannot tell (SQS), or not of all (a damaged file). `show` runs on the caller's
  // thread.
  virtual base::Result<bool> visit(const ShowOwed& show) {
    (void)show;
    return false;
  }

  virtual void close() = 0;
  // After close(): a thread did not come back from a database that hangs, so the process must leave by _exit().
  [[nodiscard]] virtual bool left_thread_behind() const { return false; }

  [[nodiscard]] const std::string& target() const { return target_; }

 private:
  const std::string target_;
};

}  // namespace twinshift::backlog
