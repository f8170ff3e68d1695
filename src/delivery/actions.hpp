// The words between the decisions (machine.hpp) and the threads that carry them out: what happened goes in as a
// function call, what to do comes out as a list of actions.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "event/event.hpp"
#include "quarantine/quarantine.hpp"
#include "queue/event_queue.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::delivery {

using LaneIndex = std::uint32_t;
// Where a message was received: the queue, or the backlog of the lane with this index.
using Source = std::uint32_t;
inline constexpr Source kQueue = ~Source{0};

using BatchPtr = std::shared_ptr<const warehouse::Batch>;

// A received message; `event` is empty where it holds none.
struct Arrival {
  event::EventPtr event{};
  queue::Receipt receipt{};
  std::uint32_t attempt = 1;
  base::SteadyTime deadline{};
};

struct WriteBatch {
  LaneIndex lane = 0;
  BatchPtr batch{};
};
struct FindMarker {
  LaneIndex lane = 0;
  BatchPtr batch{};
};
struct Probe {  // prepare and ping
  LaneIndex lane = 0;
};
struct FetchBacklog {
  LaneIndex lane = 0;
  std::size_t rows_max = 0;
};
struct Park {
  LaneIndex lane = 0;
  std::uint64_t group = 0;
  std::vector<event::EventPtr> events{};
};
struct PutInQuarantine {
  LaneIndex lane = 0;
  std::uint64_t group = 0;
  std::vector<quarantine::Refused> events{};
};
struct Acknowledge {
  Source source = kQueue;
  std::vector<queue::Receipt> receipts{};
};
struct Release {
  Source source = kQueue;
  std::vector<queue::Receipt> receipts{};
  std::chrono::milliseconds delay{0};
};
struct Extend {
  Source source = kQueue;
  std::vector<queue::Receipt> receipts{};
  std::chrono::milliseconds duration{0};
};

enum class NoteKind : std::uint8_t {
  committed,
  settled_by_marker,  // an unknown outcome turned out to be a commit
  failed,
  doubted,            // one event was refused while nothing else was inserted: it may be the table, so it comes again
  quarantined,        // one event, durable there; `error` says the column and why
  quarantine_failed,  // events stay where they are and come again
  table_refuses,      // so many refusals that it must be the table: none was taken as such
  breaker_opened,
  breaker_closed,
  park_failed,
  park_overflow,  // neither parked nor written: given back to the queue
  fetch_failed,
  probe_failed,
  undecodable,
};
// For the log.
struct Note {
  NoteKind kind = NoteKind::committed;
  LaneIndex lane = 0;
  std::string statement_id{};
  std::uint64_t rows = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t displaced = 0;
  std::chrono::nanoseconds took{0};
  bool from_backlog = false;
  std::optional<base::Error> error{};
};

using Action = std::variant<WriteBatch, FindMarker, Probe, FetchBacklog, Park, PutInQuarantine, Acknowledge, Release,
                            Extend, Note>;
using Actions = std::vector<Action>;

// One input's moment and what it leads to.
struct Step {
  base::SteadyTime now;
  Actions actions{};
};

}  // namespace twinshift::delivery
