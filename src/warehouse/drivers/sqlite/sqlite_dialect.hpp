// SQLite's statement text, all of it. Any thread may call these.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/row.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

// INTEGER or TEXT: a decimal stands as text, since SQLite's NUMERIC would keep it as a double.
std::string_view sqlite_type(event::ColumnType type);

std::string create_table_sql(const std::string& table);
std::string add_column_sql(const std::string& table, const event::Column& column);
std::vector<std::string> create_index_sql(const std::string& table);
// twinshift_loads, twinshift_duplicates, twinshift_owed and twinshift_erased with their indexes.
std::vector<std::string> create_loads_sql();

// Exactly what write() inserts: a parameter's number is the position in this list, from 1.
struct InsertColumn {
  std::string_view name;
  int catalogue_index;  // -1: one of ours
};
std::vector<InsertColumn> insert_columns(const event::TableShape& shape);

// One row; does nothing where the event is there already.
// Not `unique`: no index knows what stands there already, so it is looked for at its event_at.
std::string insert_sql(const std::string& table, const std::vector<InsertColumn>& columns, bool unique = true);
// Every row of these events at these times (Batch::remove). There must be a place.
std::string remove_rows_sql(const std::string& table, std::span<const EventPlace> places);
// Parameters: table, instance, batch id, window, arrival, sent, inserted, duplicate, both sums, time of writing.
std::string insert_marker_sql();
// One of Warehouse::mark_rebuilt(), unless its id stands there. Parameters: table, instance, id, hour, events, time of
// writing.
std::string insert_rebuilt_sql();
// An event that stands in the table by another message than this one: nothing where it is the same. Parameters: table,
// instance, batch id, event_key, received_at, time of writing, event_id.
std::string insert_duplicate_sql(const std::string& table);
// Parameters: table, instance, target, hour, received, owed, quarantined, waived, time of counting.
std::string insert_owed_sql();
// ---- twinshift_erased (docs/formats/erased.md)

// One row: 1 where anything is erased from any table of the file.
std::string any_erased_sql();
// A row where the event is erased. Parameters: table, event_id.
std::string is_erased_sql();
// A message of an erased event, unless it is the one whose row was erased. Parameters: as insert_duplicate_sql().
std::string insert_erased_duplicate_sql();
// What Warehouse::erase() notes: an event, then the arrivals of the rows that stand there. Parameters of the first:
// table, event_id, event_at, time of erasing; of the other: table, time of erasing.
std::string note_erased_sql();
std::string note_erased_rows_sql(const std::string& table, std::span<const EventPlace> places);

// Rows that an instance wrote before a time, and anybody before another (abandoned_before()), at most so many.
// Parameters: time, table, rows, instance, the other time.
std::string prune_loads_sql();
std::string prune_duplicates_sql();
// Likewise, whoever's, of those that a later row of the same instance, target and hour has replaced; and of hours
// before the other time, where nothing is owed. The same parameters.
std::string prune_owed_sql();
// Parameters: batch id, table. One row: how many markers, and their sums.
std::string find_marker_sql();

}  // namespace twinshift::warehouse
