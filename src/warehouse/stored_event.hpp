// Rows of an event table as events again: what `SELECT *` gives, told by decode(). No driver: over Warehouse::query.
//
// Threads: those of the warehouse that is asked.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

// An id as it stands in a row: 32 lower-case hexadecimal digits, or whatever somebody has put there.
bool is_event_id(std::string_view text);

// The time in our own column event_at. Nothing also for a spelling that sorts among ours at another place
// (2026-01-14T23:58:53Z): where times are texts (SQLite) no query by range could be relied on to find the row.
std::optional<base::WallTime> parse_event_at(std::string_view text);

// One row. Its own columns are told as they stand there: somebody may have changed them.
struct StoredEvent {
  std::string id;                   // event_id; empty where the row has none
  std::optional<std::int64_t> key;  // event_key
  std::optional<base::WallTime> event_at;
  std::optional<base::WallTime> received_at;
  // A JSON object canonically equal to the event that was written; nothing where the row tells no event.
  std::optional<std::string> text;
  // id_version; 0 where it is no number, nothing where the table has no such column.
  std::optional<std::int64_t> id_version{};
};

// `answer`: of a SELECT * from the event table. `parts`: the table beside it that holds texts too long for a row; it is
// asked for a row that has some. Errors: conflict where the table has no column event_id; those of query().
base::Result<std::vector<StoredEvent>> tell_events(Warehouse& warehouse, const std::string& parts, const Table& answer);

// A column may hold its time more coarsely than we gave it: times that are not further apart are the same.
inline constexpr std::chrono::seconds kTimeSlack{1};
constexpr bool is_same_time(base::WallTime one, base::WallTime other) {
  const auto off = one - other;
  return off <= kTimeSlack && off >= -kTimeSlack;
}

// The condition that event_at is one of `places`', by kTimeSlack more or less.
std::string places_condition(std::span<const EventPlace> places);

}  // namespace twinshift::warehouse
