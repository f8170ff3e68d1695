// The statements that keep `twinshift_duplicates` (docs/formats/loads.md) and prune it and `twinshift_loads`, once for
// each dialect and shared by all ways to reach a server. Any thread; no I/O.
//
// A duplicate counts where its message is not the one whose row stands in the table: their received_at differ. So
// these run after the batch's INSERT, in its transaction; or, for rows that the INSERT will leave out, before it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "event/event.hpp"
#include "warehouse/lookup_ranges.hpp"
#include "warehouse/schema/real_table.hpp"
#include "warehouse/schema/write_text.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {

// What the table's received_at is stored as.
Stored received_at_stored(std::span<const WriteColumn> columns);

// ---- PostgreSQL

// Those of `events` whose message is not the table's. Never called with none: VALUES must have a row.
std::string insert_duplicates_sql(const TableName& table, const MarkerOrigin& origin, Stored received_at,
                                  std::span<const event::Event* const> events);
// Likewise of events that are erased and have no row: those whose message is not the one whose row was erased. Never
// called with none.
std::string insert_erased_duplicates_sql(const TableName& table, const MarkerOrigin& origin,
                                         std::span<const event::Event* const> events);

// ---- Redshift

// Likewise of the rows in the stage, looked up within `ranges`; with `erased`, of erased events, too.
std::string insert_staged_duplicates_sql(const TableName& table, const MarkerOrigin& origin, Stored received_at,
                                         std::span<const TimeRange> ranges, bool erased);

// Into the stage with what stood twice in the batch, once nothing is inserted from it any more: as many as follow, for
// insert_staged_duplicates_sql().
struct StagedDouble {
  std::uint32_t position = 0;
  const event::Event* event = nullptr;
};
std::string stage_doubles_sql(Stored received_at, std::span<const StagedDouble> doubles);
// Doubles in one such statement: all within the Data API's 100 KB.
inline constexpr std::size_t kStageDoublesMax = 700;

// ---- both

// Whose rows a step of Warehouse::prune() removes: those that `instance` wrote before `before`, and abandoned ones.
struct PruneScope {
  std::string_view instance;
  base::WallTime before;
};
// One step, for each of the two tables. Redshift's go under lock_writer_sql().
std::string prune_loads_sql(Dialect dialect, const TableName& table, const PruneScope& scope);
std::string prune_duplicates_sql(Dialect dialect, const TableName& table, const PruneScope& scope);

// What a person runs where our user may not remove rows.
std::string prune_grant(const TableName& table);

}  // namespace twinshift::warehouse
