// The promise of a bounded, durable store of bodies that intake refused (4xx): nothing that was sent with the right
// token is thrown away unseen. The oldest go first where a bound is reached; they are counted.
//
// Threads: every function may be called from any thread. `done` runs on a thread of the store, or at once on the
// caller's; it must be short and must not throw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::queue {

struct RefusedBody {
  base::WallTime received_at{};
  int status = 0;      // the HTTP status it was refused with
  std::string reason;  // the answer's text
  std::string path;    // without the query string
  std::string body;    // any bytes
};

// One line of the list: everything but the body.
struct RefusedEntry {
  std::int64_t id = 0;
  base::WallTime received_at{};
  int status = 0;
  std::string reason;
  std::string path;
  std::uint64_t body_bytes = 0;
};

struct RefusedStatus {
  std::uint64_t bodies = 0;   // kept now
  std::uint64_t bytes = 0;    // of these bodies
  std::uint64_t dropped = 0;  // gone for want of room since the store was opened: pushed out by newer ones, too large
                              // for the bounds, or not kept because the inbox or the disk was full
  std::optional<base::Error> trouble;
};

class RefusedStore {
 public:
  virtual ~RefusedStore() = default;

  // Durable when `done` is called with success. Errors: full (too many wait, or the disk is full), unavailable,
  // cancelled (closing).
  virtual void keep(RefusedBody body, Done done) = 0;

  // The newest `entries_max`, newest first.
  virtual base::Result<std::vector<RefusedEntry>> list(std::size_t entries_max) = 0;

  // The body of one entry; not_found where it is gone.
  virtual base::Result<std::string> body(std::int64_t id) = 0;

  virtual RefusedStatus status() = 0;

  // Takes nothing more, keeps what waits, closes. Idempotent.
  virtual void close() = 0;
};

}  // namespace twinshift::queue
