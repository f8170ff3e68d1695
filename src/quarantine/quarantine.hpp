// The promise of the quarantine: events that a target refuses for good, kept as durably as the queue keeps accepted
// ones, until a person replays or drops them. Driver: drivers/sqlite (one file in the data folder). Flows see only
// this file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "event/event.hpp"

namespace twinshift::quarantine {

// One event that one target has refused. `column` is empty where it is not known; no text holds a value of the row.
struct Refused {
  std::string target;
  event::EventPtr event;
  std::string column;
  std::string error_class;  // SQLSTATE, or the driver's own name
  std::string message;
  std::uint32_t tries = 1;  // refusals since the last record of it
};

// Of one record, as a reader tells them: what is beyond is missing in the books once the record is replayed or dropped.
// AppsFlyer sends an event again a few times.
inline constexpr std::size_t kFurtherArrivalsMax = 1'000;

// One message that brought an event.
struct Arrival {
  base::WallTime received_at{};
  std::string message_id{};  // empty where it was not noted (a record of an older version)
  bool operator==(const Arrival& other) const = default;
};

// What is kept: one record a target and event. A second refusal updates it.
struct Record {
  std::int64_t id = 0;
  std::string target;
  std::string event_id;  // hex
  int id_version = 0;
  std::string message_id;
  base::WallTime received_at{};
  // Of other messages with the same event that were refused as well: by time, each once, without `received_at`.
  std::vector<Arrival> further_arrivals{};
  base::WallTime quarantined_at{};
  std::string json;  // the event as received; empty where the query left it out
  std::uint64_t json_bytes = 0;
  std::string column;
  std::string error_class;
  std::string message;
  std::uint64_t tries = 0;  // refusals in all
  bool both_sides = false;  // another target holds a record of the same event, too
};

// Of every message that the record stands for, its own first.
inline std::vector<Arrival> arrivals_of(const Record& record) {
  std::vector<Arrival> arrivals{{record.received_at, record.message_id}};
  arrivals.insert(arrivals.end(), record.further_arrivals.begin(), record.further_arrivals.end());
  return arrivals;
}

// Names one record as it was read: after another refusal `tries` differs, and the settlement changes nothing.
struct Ticket {
  std::int64_t id = 0;
  std::uint64_t tries = 0;
};

using Done = std::move_only_function<void(base::Status)>;
// Success: how many records went.
using Removed = std::move_only_function<void(base::Result<std::uint64_t>)>;

struct QuarantineStatus {
  std::map<std::string, std::uint64_t> records;  // by target
  std::optional<base::Error> trouble;            // why nothing could be kept last time
  // The messages that the records stand for, by target; empty where a reader tells at once (a file).
  std::map<std::string, std::uint64_t> messages{};
};

// Threads: every function may be called from any thread. Callbacks run on a thread of the driver: short, no waiting.
class Quarantine {
 public:
  virtual ~Quarantine() = default;

  // All of them or none; durable when `done` is called with success. Errors: full (disk, or the bound on what waits),
  // unavailable, corrupt, cancelled (closing). After an error the caller keeps the events where they are.
  virtual void put(std::vector<Refused> events, Done done) = 0;

  // Deletes the records that still are as they were read. Durable when `done` is called.
  virtual void remove(std::vector<Ticket> tickets, Removed done) = 0;

  virtual QuarantineStatus status() = 0;

  // Takes nothing more, finishes what is under way, closes. Idempotent.
  virtual void close() = 0;
};

// Which records to read. A page ends early where its events pass `json_bytes_max`; it holds one record at least.
struct Query {
  std::string target{};    // empty: all
  std::string event_id{};  // empty: all
  std::int64_t after_id = 0;
  std::int64_t until_id = std::numeric_limits<std::int64_t>::max();
  std::size_t records_max = 100;
  std::size_t json_bytes_max = 16U << 20U;
  bool newest_first = false;
  bool with_json = true;
};

// Reads beside a writer in this or another process. One thread at a time.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual base::Result<std::vector<Record>> read(const Query& query) = 0;
  // not_found where there is none of this number.
  virtual base::Result<Record> find(std::int64_t id) = 0;
  // How many messages the records of `target` stand for, by the hour in which they arrived (its beginning).
  virtual base::Result<std::map<base::WallTime, std::uint64_t>> count_by_hour(const std::string& target) = 0;
};

}  // namespace twinshift::quarantine
