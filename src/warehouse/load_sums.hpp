// What a table holds of each hour of arrival, as its own bookkeeping says (docs/formats/loads.md): the landed and the
// duplicate side of the books. The same SQL for each database; reads through Warehouse::query() alone.
//
// Threads: those of the warehouse that is asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "warehouse/table_name.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

struct LoadSums {
  base::WallTime hour;          // of arrival, UTC
  std::uint64_t inserted = 0;   // events that landed, by the hour of the message that landed
  std::uint64_t duplicate = 0;  // other messages of events that stand there, each once, by their own hour

  bool operator==(const LoadSums&) const = default;
};

struct LoadQuestion {
  TableName table;           // Warehouse::event_table()
  std::string instance;      // whose batches; empty: all
  base::WallTime from_hour;  // the first hour of arrival that counts
  // Batches written in [written_from, written_before), by their writers' clocks; nothing: no such bound.
  std::optional<base::WallTime> written_from{};
  std::optional<base::WallTime> written_before{};
  // Redshift reads a backslash in a literal as an escape.
  bool backslash_escapes = false;
  bool with_duplicates = true;
};

// One SELECT, a row for each hour that has anything, in order: hour of arrival ("2024-10-04 05"), landed, duplicates.
std::string load_sums_sql(const LoadQuestion& question);

// Hours of one answer: more than a year's.
inline constexpr std::size_t kLoadHoursMax = 10'000;

// `internal` where it is not the answer to load_sums_sql(), `full` where it was cut.
base::Result<std::vector<LoadSums>> parse_load_sums(const Table& answer);

struct LoadReport {
  std::vector<LoadSums> hours;  // in order
  // False: twinshift_duplicates cannot be read, or not be written (Warehouse::counts_duplicates()); `duplicate` is 0.
  bool duplicates_counted = true;
};

// Which batches are summed up.
struct LoadScope {
  std::string instance{};      // empty: all
  base::WallTime from_hour{};  // as in LoadQuestion
  std::optional<base::WallTime> written_from{};
  std::optional<base::WallTime> written_before{};
};

// One query, as a rule. Where it fails, what landed is asked for alone; then everything once more, so that a passing
// trouble is not taken for a missing table. Errors are those of query().
base::Result<LoadReport> read_load_sums(Warehouse& warehouse, const LoadScope& scope);

}  // namespace twinshift::warehouse
