// The promise of one table in one database. Drivers: drivers/sqlite (embedded), drivers/postgres (PostgreSQL and
// Redshift by wire), drivers/redshift_data (the Redshift Data API).
//
// Threads: one thread at a time (the lane's). Calls block up to the driver's own limits (`statement_timeout_ms`).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "event/event.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {

struct OwedRow;  // owed.hpp

// Where a row of an event stands.
struct EventPlace {
  event::EventId id;
  base::WallTime event_at{};  // statements ask for these times alone, so that the table's sort order helps
};

// How often an instance's books are published at most. By the Data API each time costs calls of a quota.
inline constexpr std::chrono::seconds kPublishInterval{60};
inline constexpr std::chrono::seconds kPublishIntervalOfDataApi{300};

// `id` is minted for every attempt-independent batch: a retry of the same batch after an unknown outcome asks for its
// marker first.
struct Batch {
  std::string id;
  std::vector<event::EventPtr> events;
  // For repair: every row of these events at these times (to the second) goes first, in the same transaction, so that
  // what is in `events` too stands once, as it is here. At most kRemovedMax. A row never goes where what is to take its
  // place is not written: `deferred`; a refusal is `rejected`, an error of the whole batch or that event's outcome.
  // `events` may be empty: no marker is left, and an unknown outcome is settled by doing it again. `conflict` where our
  // user may not delete: the hint says what lets it.
  std::vector<EventPlace> remove{};
};

// Rows named in one statement: it stays far below the Data API's 100 KB.
inline constexpr std::size_t kRemovedMax = 250;

// How the id of a batch begins that mends a table (repair, rebuild): it says nothing of what has arrived, so the books
// do not count its markers.
inline constexpr std::string_view kMendingPrefix = "mend-";

inline bool is_mending(std::string_view batch_id) {
  return batch_id.starts_with(kMendingPrefix);
}

// How the id of a marker begins that no batch left: after a rebuild it stands for markers that were lost with the
// target's table, so the books count it as landed.
inline constexpr std::string_view kRebuiltPrefix = "rebuilt-";

// Such a marker: events of an hour of arrival that stand in the table.
struct RebuiltHour {
  std::string id;               // kRebuiltPrefix and what no other marker bears
  base::WallTime arrival_at{};  // the beginning of the hour
  std::uint64_t events = 0;
};

// Markers of one Warehouse::mark_rebuilt(): Redshift's planner has to take each for a query of its own.
inline constexpr std::size_t kRebuiltHoursMax = 64;

enum class Outcome : std::uint8_t {
  written,    // this batch put it there
  duplicate,  // it was there already, or stood twice in this batch
  rejected,   // the warehouse refuses this event for good
  deferred,   // not written now; try again
};

// Why a warehouse refuses an event. No text holds a value of the row.
struct Refusal {
  std::string column;       // empty where it is not known
  std::string error_class;  // SQLSTATE, or the database's own name
  std::string message;
};

// From the error of a whole batch: the class stands in square brackets at the message's end, the column behind
// ", column " in the message or in `where`.
Refusal refusal_of(const base::Error& error);

struct WriteReport {
  std::vector<Outcome> outcomes;  // by the batch's order
  std::string statement_id;       // the database's own name for the work; the batch id where it has none
  std::vector<Refusal> reasons;   // of the rejected events, by the batch's order; empty elsewhere
  // Values of the batch that did not fit into their columns and stand whole in `extra` (event::Row::displaced).
  std::uint64_t displaced = 0;
  std::uint64_t removed = 0;  // rows of Batch::remove
};

struct Marker {
  std::string batch_id;
  std::uint64_t sent = 0;
  std::uint64_t inserted = 0;
  std::uint64_t duplicate = 0;
};

// A result set as text. Bounded by `rows_max` of the call; `cut` says that there was more.
struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
  bool cut = false;
};

class Warehouse {
 public:
  virtual ~Warehouse() = default;

  // Connects; creates the table, `twinshift_loads`, `twinshift_duplicates`, `twinshift_owed` and `twinshift_erased`, or
  // adds missing columns. Called before anything else and again after a lost connection.
  virtual base::Status prepare() = 0;

  // Where prepare() says `conflict` because event_id stands more than once, so that no index can keep it unique: makes
  // ready for batches that mend (kMendingPrefix) alone. These look for doubles themselves, and nobody else writes
  // meanwhile. Anything else needs prepare() again, which makes the index once the doubles are gone. Else as prepare().
  virtual base::Status prepare_to_mend() { return prepare(); }

  // One transaction. Success: committed (fsync'd). An event that was erased is a `duplicate`. Errors: unavailable,
  // throttled, conflict (nothing was written), unknown_outcome (ask find_marker).
  virtual base::Result<WriteReport> write(const Batch& batch) = 0;

  // What a batch's transaction left; nothing where it did not commit and cannot any more.
  virtual base::Result<std::optional<Marker>> find_marker(std::string_view batch_id) = 0;

  // The database's own name for the last statement of that batch, of one that failed too: what a person asks the
  // database about. Empty where it has none or never said it. For log lines.
  [[nodiscard]] virtual std::string statement_of(std::string_view batch_id) const;

  // Read-only: a statement that would write is refused (`invalid`).
  virtual base::Result<Table> query(const std::string& sql, std::size_t rows_max) = 0;

  virtual base::Status ping() = 0;

  // One bounded step (kPruneRowsMax, kPruneSlice) of removing this table's rows of `twinshift_loads` and
  // `twinshift_duplicates` that this instance wrote before `before`, or anybody before abandoned_before(before); and of
  // `twinshift_owed` what was replaced and is older. In a transaction of its own. Rows removed; 0: none is left. What
  // asks for a marker or sums an hour must not need them any more. Errors as those of write().
  virtual base::Result<std::uint64_t> prune(base::WallTime before) {
    (void)before;
    return std::uint64_t{0};
  }

  // Adds rows to `twinshift_owed`, at most kOwedRowsMax, all or none. The same rows may be added again. `conflict`
  // where our user lacks the rights (the hint says what gives them); other errors as those of write().
  virtual base::Status publish(std::span<const OwedRow> rows) {
    (void)rows;
    return {};
  }
  // Notes these events in `twinshift_erased` and removes their rows, at most kRemovedMax, in one transaction that no
  // writer's overlaps: afterwards nobody's batch brings them back. Rows of the event table that went; an event that has
  // none is noted all the same. May be done again, also after an error. `conflict`: our user lacks the rights (the hint
  // says which); `throttled`: another writer lets nobody in; else as write(), but for unknown_outcome.
  virtual base::Result<std::uint64_t> erase(std::span<const EventPlace> places) {
    (void)places;
    return std::uint64_t{0};
  }

  // The least time between two series of publish(): each may cost something.
  [[nodiscard]] virtual std::chrono::seconds publish_interval() const { return kPublishInterval; }

  // The event table as the database names it; an empty schema is the one that the database finds by itself.
  [[nodiscard]] virtual TableName event_table() const { return {}; }

  // After prepare(): may `twinshift_duplicates` be written? False where our user lacks the rights; then rows land all
  // the same, and an hour with duplicates does not close.
  [[nodiscard]] virtual bool counts_duplicates() const { return true; }

  // The product's name for log lines: "SQLite", "Redshift", "PostgreSQL".
  [[nodiscard]] virtual std::string product() const = 0;

  // Leaves a marker in `twinshift_loads` for each of these hours, at most kRebuiltHoursMax, less those whose id stands
  // there; in one transaction, in which no other call of this kind is between its look and its insert. Markers that
  // were added. May be done again, also after an error; errors as those of erase().
  virtual base::Result<std::uint64_t> mark_rebuilt(std::span<const RebuiltHour> hours) {
    (void)hours;
    return std::uint64_t{0};
  }
};

inline std::string Warehouse::statement_of(std::string_view) const {
  return {};
}

}  // namespace twinshift::warehouse
