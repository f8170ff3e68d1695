// The promise of a durable, at-least-once queue of events. Drivers: drivers/sqlite (embedded), drivers/sqs (Amazon
// SQS). Flows see only this file.
//
// Threads: every function may be called from any thread. Callbacks run on a thread of the driver: they must be short,
// must not throw and must not call back into the queue in a way that waits.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace twinshift::queue {

struct Message {
  std::string body;        // the event's JSON as received
  std::string message_id;  // what intake answered with
  base::WallTime received_at{};
  // Was counted as received before: it comes out of a quarantine or a spool. See count_arrivals().
  bool again = false;
};

// Settles one lease, and only that one: after the lease has run out and the message was lent again, the generation
// differs and the settlement changes nothing.
struct Receipt {
  std::int64_t id = 0;
  std::uint32_t generation = 0;
  std::string handle;  // for drivers whose receipts are texts (SQS)
};

// The queue's loan of a message until `deadline`.
struct Lease {
  Message message;
  Receipt receipt;
  std::uint32_t attempt = 1;  // 1 at the first delivery since the queue was opened
  base::SteadyTime deadline{};
};

struct QueueStatus {
  std::uint64_t depth = 0;      // messages not yet acknowledged, lent ones included
  bool depth_known = true;      // false: a queue elsewhere has not said yet, or never does
  std::uint64_t in_flight = 0;  // of these, lent now
  // Set aside by the queue after too many deliveries (SQS: the dead-letter queue). Owed as well, not part of `depth`.
  std::uint64_t dead_lettered = 0;
  // Waiting in a spool of ours until the queue itself can be reached. Part of `depth`.
  std::uint64_t spooled = 0;
  std::chrono::milliseconds oldest_age{0};  // of those that we hold; 0 also where it could not be read
  // Of a queue elsewhere: what was enqueued before has been handed out, and none of it was set aside. Nothing where
  // that is not known.
  std::optional<base::WallTime> drained_at{};
  std::optional<base::Error> trouble;  // why it cannot take messages now
};

// What arrived in an hour (of Message::received_at), as the books need it.
struct HourOfArrival {
  base::WallTime hour{};
  std::uint64_t received = 0;  // enqueued; a message that is there `again` is not counted
  std::uint64_t waiting = 0;   // of all that was enqueued, not yet acknowledged
  std::uint64_t waived = 0;    // acknowledged while a target was switched off that was to have it
};

struct Arrivals {
  std::vector<HourOfArrival> hours{};  // by hour, each once
  // False for a queue elsewhere: nobody knows which hours the messages are of that still wait there.
  bool waiting_known = true;
  // True where the counts stand in the messages' own transactions and outlive the process; false: since it was opened.
  bool kept = true;
};

using Done = std::move_only_function<void(base::Status)>;
// Shown some at a time; false: enough.
using ShowMessages = std::function<bool(std::span<const Message>)>;

class EventQueue {
 public:
  virtual ~EventQueue() = default;

  // Durable when `done` is called with success. Errors: full (disk reserve or the bound on waiting messages reached;
  // answer 503), unavailable, cancelled (closing).
  virtual void enqueue(Message message, Done done) = 0;

  // Lends up to `messages_max`; waits up to `wait` for the first one. Empty when there is none or `stop` was requested.
  virtual base::Result<std::vector<Lease>> receive(std::size_t messages_max, std::chrono::milliseconds wait,
                                                   std::stop_token stop) = 0;

  // Deletes. Durable when `done` is called; a receipt that is no longer valid is passed over. After an error the
  // messages come again.
  virtual void acknowledge(std::vector<Receipt> receipts, Done done) = 0;

  // Gives back: lent again after `delay` at the earliest.
  virtual void release(const std::vector<Receipt>& receipts, std::chrono::milliseconds delay) = 0;

  // Moves the deadline to now + `duration`.
  virtual void extend(const std::vector<Receipt>& receipts, std::chrono::milliseconds duration) = 0;

  virtual QueueStatus status() = 0;

  // For the books: what came in each hour and what of it still waits. As of one moment (one read transaction).
  virtual base::Result<Arrivals> count_arrivals() = 0;

  // Shows every message that waits, lent ones included, without lending it: those that were there when it began and are
  // not yet deleted, and perhaps later ones. False, and nothing shown, where the queue cannot tell (SQS). Reads beside
  // the live path, in short transactions. `show` runs on the caller's thread.
  virtual base::Result<bool> visit(const ShowMessages& show) {
    (void)show;
    return false;
  }

  // Takes nothing more, finishes what is under way, gives back at once what is lent, closes. Idempotent.
  virtual void close() = 0;
};

}  // namespace twinshift::queue
