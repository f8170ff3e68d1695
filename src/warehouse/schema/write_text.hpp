// The statements that write a batch, once for each dialect and shared by all ways to reach a server. Any thread; no
// I/O.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "warehouse/lookup_ranges.hpp"
#include "warehouse/markers.hpp"
#include "warehouse/schema/dialect.hpp"
#include "warehouse/schema/real_table.hpp"
#include "warehouse/table_name.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

inline constexpr std::string_view kStageTable = "twinshift_stage";
inline constexpr std::string_view kPartsStageTable = "twinshift_parts_stage";
// A row's place in its batch, in the stage only.
inline constexpr std::string_view kPosition = "twinshift_pos";
// Which of the batch's markers a row counts for (MarkerPlace::number), in the stage of literals only.
inline constexpr std::string_view kPlace = "twinshift_place";

// 'text' as the dialect reads it: Redshift, like the PostgreSQL 8.0 it descends from, takes a backslash as an escape.
// The text must hold no NUL.
std::string literal(Dialect dialect, std::string_view text);
// The same, appended.
void append_literal(std::string& out, Dialect dialect, std::string_view text);

// "a","b","c"
std::string column_list(std::span<const WriteColumn> columns);

// Who wrote which batch into which table: what all its markers share.
struct MarkerOrigin {
  std::string table;
  std::string instance;
  std::string batch_id;
  base::WallTime written_at;
};
std::string insert_markers_sql(Dialect dialect, const TableName& table, const MarkerOrigin& origin,
                               std::span<const MarkerRow> rows);
// Markers of Warehouse::mark_rebuilt(), less those whose id stands there. There must be an hour; `origin.batch_id` is
// not used.
std::string insert_rebuilt_sql(Dialect dialect, const TableName& table, const MarkerOrigin& origin,
                               std::span<const RebuiltHour> hours);
// One row: how many markers, and the sums of sent, inserted and duplicate.
std::string find_marker_sql(Dialect dialect, const TableName& table, std::string_view batch_id);

// Every row of these events at these times (Batch::remove), and what of them stands in parts. There must be a place.
std::string remove_rows_sql(const TableName& table, std::span<const EventPlace> places);
// After the rows: of those of which no row is left.
std::string remove_parts_sql(const TableName& table, std::span<const EventPlace> places);
// What a person runs where our user may not remove rows.
std::string remove_grant(Dialect dialect, const TableName& table);

// ---- PostgreSQL

// Held by a batch's transaction from its first statement to its end; whoever asks for its marker waits for it.
std::string batch_lock_sql(std::string_view batch_id);
// Keeps ALTER TABLE, DROP INDEX and renaming out until the transaction ends; waits for nobody who reads or writes.
std::string lock_table_sql(const TableName& table);
std::string copy_sql(const TableName& table, std::span<const WriteColumn> columns);
std::string create_copy_stage_sql(const TableName& table, std::span<const WriteColumn> columns);
std::string copy_to_stage_sql(std::span<const WriteColumn> columns);
// Inserts what is not there yet; returns the positions of the others.
// Not `unique`: no index knows what stands there, so it is looked for at its event_at.
std::string insert_from_copy_stage_sql(const TableName& table, std::span<const WriteColumn> columns,
                                       bool unique = true);

// ---- Redshift

// The condition that t.event_at is in one of them; there must be one.
std::string within_sql(std::span<const TimeRange> ranges);
std::string lock_writer_sql(const TableName& table);
std::vector<std::string> create_stages_sql(const RealTable& real, std::span<const WriteColumn> columns);
// A prepared statement for `rows` rows: parameters by row, the position first.
std::string insert_to_stage_sql(std::span<const WriteColumn> columns, std::size_t rows);
std::string insert_to_parts_stage_sql(std::size_t rows);
// The positions of the staged rows that the table already holds; with `erased`, of events that were erased, too: then
// one may be told twice.
std::string find_duplicates_sql(const TableName& table, std::span<const TimeRange> ranges, bool erased);
// Everything in the stage but the rows at `duplicates`.
std::string insert_from_stage_sql(const TableName& table, std::span<const WriteColumn> columns,
                                  std::span<const std::uint32_t> duplicates);
std::string insert_parts_sql(const TableName& table, std::span<const std::uint32_t> duplicates);

// ---- Redshift, all of a batch in one transaction of literals (the Data API)
//
// The lock, the stages, their rows, delete_staged_duplicates_sql, select_staged_sql, insert_from_stage_sql,
// insert_staged_parts_sql, insert_counted_markers_sql, drop_stage_sql.

// What is known of a marker before the server counts.
struct MarkerPlace {
  std::size_t number = 0;  // as the stage's rows have it
  base::WallTime window_at;
  base::WallTime arrival_at;
  std::int64_t sent = 0;
  std::int64_t refused = 0;  // of those: never staged, and no duplicate
};

std::string create_literal_stage_sql(const RealTable& real, std::span<const WriteColumn> columns);
std::string create_parts_stage_sql();
// Rows follow: (position,place,values),...
std::string literal_stage_head(std::span<const WriteColumn> columns);
// Rows follow: (position,event_id,part,parts,body),...
std::string parts_stage_head();
// Assignments follow: "c" = "c" || 'text',... then append_to_stage_tail().
std::string append_to_stage_head();
std::string append_to_stage_tail(std::uint32_t position);
// Out of the stage with what the table holds already; with `erased`, with what was erased, too.
std::string delete_staged_duplicates_sql(const TableName& table, std::span<const TimeRange> ranges, bool erased);
std::string select_staged_sql();
// The parts of the rows that are still in the stage.
std::string insert_staged_parts_sql(const TableName& table);
// Counts what is in the stage.
std::string insert_counted_markers_sql(const TableName& table, const MarkerOrigin& origin,
                                       std::span<const MarkerPlace> places);
std::string drop_stage_sql(std::string_view stage);

}  // namespace twinshift::warehouse
