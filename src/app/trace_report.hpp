// What `twinshift trace` found, by event. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "journal/search.hpp"
#include "quarantine/quarantine.hpp"

namespace twinshift::app {

// Of one answer: events at most.
inline constexpr std::size_t kTraceEventsMax = 20;

// A message that still waits in the queue.
struct WaitingMessage {
  std::string event_id;
  std::string message_id;
  base::WallTime received_at{};
  base::WallTime event_at{};
};

// An event as a target's table holds it.
struct TableRow {
  std::string event_id;
  base::WallTime event_at{};
  base::WallTime received_at{};
  std::int64_t copies = 1;
  std::string event_name;  // empty where the table has no such column, or no value in it
};

struct TracedTarget {
  std::string name;
  bool asked = false;  // the table has answered
  std::optional<TableRow> row{};
  // Since when it is noted as erased: whatever brings it again is passed over.
  std::optional<base::WallTime> erased_at{};
  bool owed = false;          // in its backlog
  bool owed_unknown = false;  // the backlog, or the queue, could not tell
  std::vector<quarantine::Record> quarantined{};
};

// What a target's part of the way comes to.
enum class TraceState : std::uint8_t {
  landed,
  quarantined,
  owed,     // in the backlog
  waiting,  // in the queue
  gone,     // it has landed, and the table does not hold it (any more)
  erased,   // a person had it erased: nothing brings it back
  absent,
  unknown,  // the table did not answer, or nobody can say whether it is owed
};

struct TracedEvent {
  std::string id;
  journal::History history{};
  std::vector<WaitingMessage> waiting{};
  std::vector<TracedTarget> targets{};

  [[nodiscard]] bool found() const;
  [[nodiscard]] TraceState state(const TracedTarget& target) const;
};
const char* to_string(TraceState state);

struct TraceReport {
  std::string asked;
  std::vector<TracedEvent> events{};           // those asked for by their id, found or not
  bool more = false;                           // there are more than kTraceEventsMax
  std::vector<base::Error> not_asked{};        // sources that did not answer
  std::vector<std::string> remarks{};          // what the answer does not cover
  std::optional<journal::Coverage> journal{};  // none: there is no journal
  // What had arrived before this was compared by the last audit that came out equal; nothing where there was none.
  std::optional<base::WallTime> proved_up_to{};

  [[nodiscard]] bool found() const;
  // It stands on both sides, and that audit has compared it.
  [[nodiscard]] bool verified(const TracedEvent& event) const;
};

}  // namespace twinshift::app
