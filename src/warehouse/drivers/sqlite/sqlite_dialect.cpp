// SQLite's statement text: the only place that spells it.
#include "warehouse/drivers/sqlite/sqlite_dialect.hpp"

#include "warehouse/erased.hpp"
#include "warehouse/event_places.hpp"
#include "warehouse/markers.hpp"
#include "warehouse/owed.hpp"
#include "warehouse/table_columns.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {
namespace {

std::string column_definition(const event::Column& column) {
  std::string sql = quote_identifier(column.name) + ' ' + std::string(sqlite_type(column.type));
  if (column.name == "event_id" || column.name == "event_at") sql += " NOT NULL";
  return sql;
}

// By the index on the arrival, which is never after the writing but where a clock was turned back.
std::string prune_sql(const std::string& table, const std::string& arrival) {
  return "DELETE FROM " + table + " WHERE rowid IN (SELECT rowid FROM " + table + " WHERE " + arrival +
         " < ?1 AND written_at < ?1 AND table_name = ?2 AND (instance = ?4 OR written_at < ?5) LIMIT ?3)";
}

}  // namespace

std::string_view sqlite_type(event::ColumnType type) {
  switch (type) {
    case event::ColumnType::integer:
    case event::ColumnType::bigint:
    case event::ColumnType::boolean:
      return "INTEGER";
    default:
      return "TEXT";
  }
}

std::string create_table_sql(const std::string& table) {
  std::string sql = "CREATE TABLE " + quote_identifier(table) + " (";
  const char* separator = "\n  ";
  for (const event::Column& column : table_columns()) {
    sql += separator + column_definition(column);
    separator = ",\n  ";
  }
  return sql + "\n)";
}

std::string add_column_sql(const std::string& table, const event::Column& column) {
  // Rows that are there already would break a NOT NULL.
  return "ALTER TABLE " + quote_identifier(table) + " ADD COLUMN " + quote_identifier(column.name) + ' ' +
         std::string(sqlite_type(column.type));
}

std::vector<std::string> create_index_sql(const std::string& table) {
  const std::string quoted = quote_identifier(table);
  return {
      "CREATE UNIQUE INDEX IF NOT EXISTS " + quote_identifier(table + "_event_id") + " ON " + quoted + " (event_id)",
      "CREATE INDEX IF NOT EXISTS " + quote_identifier(table + "_event_at") + " ON " + quoted + " (event_at)"};
}

std::vector<std::string> create_loads_sql() {
  const std::string loads(kLoadsTable);
  const std::string duplicates(kDuplicatesTable);
  const std::string owed(kOwedTable);
  const std::string erased(kErasedTable);
  return {"CREATE TABLE IF NOT EXISTS " + loads +
              " (\n  table_name TEXT NOT NULL,\n  instance TEXT NOT NULL,\n  batch_id TEXT NOT NULL,\n"
              "  window_at TEXT NOT NULL,\n  arrival_at TEXT NOT NULL,\n  sent INTEGER NOT NULL,\n"
              "  inserted INTEGER NOT NULL,\n  duplicate INTEGER NOT NULL,\n  key_low_sum INTEGER NOT NULL,\n"
              "  key_high_sum INTEGER NOT NULL,\n  written_at TEXT NOT NULL\n)",
          "CREATE INDEX IF NOT EXISTS " + loads + "_batch_id ON " + loads + " (batch_id)",
          "CREATE INDEX IF NOT EXISTS " + loads + "_arrival_at ON " + loads + " (arrival_at)",
          "CREATE TABLE IF NOT EXISTS " + duplicates +
              " (\n  table_name TEXT NOT NULL,\n  instance TEXT NOT NULL,\n  batch_id TEXT NOT NULL,\n"
              "  event_key INTEGER NOT NULL,\n  received_at TEXT NOT NULL,\n  written_at TEXT NOT NULL\n)",
          "CREATE INDEX IF NOT EXISTS " + duplicates + "_received_at ON " + duplicates + " (received_at)",
          "CREATE TABLE IF NOT EXISTS " + owed +
              " (\n  table_name TEXT NOT NULL,\n  instance TEXT NOT NULL,\n  target TEXT NOT NULL,\n"
              "  arrival_at TEXT NOT NULL,\n  received INTEGER NOT NULL,\n  owed INTEGER NOT NULL,\n"
              "  quarantined INTEGER NOT NULL,\n  waived INTEGER NOT NULL,\n  as_of TEXT NOT NULL\n)",
          "CREATE INDEX IF NOT EXISTS " + owed + "_arrival_at ON " + owed + " (arrival_at)",
          "CREATE TABLE IF NOT EXISTS " + erased +
              " (\n  table_name TEXT NOT NULL,\n  event_id TEXT NOT NULL,\n  event_at TEXT NOT NULL,\n"
              "  received_at TEXT,\n  erased_at TEXT NOT NULL\n)",
          "CREATE INDEX IF NOT EXISTS " + erased + "_event_id ON " + erased + " (event_id)"};
}

std::vector<InsertColumn> insert_columns(const event::TableShape& shape) {
  std::vector<InsertColumn> columns;
  for (const event::Column& column : table_columns()) {
    const int index = event::find_column(column.name);
    if (index < 0 || shape.widths[static_cast<std::size_t>(index)] != event::TableShape::kAbsent) {
      columns.push_back({column.name, index});
    }
  }
  return columns;
}

std::string insert_sql(const std::string& table, const std::vector<InsertColumn>& columns, bool unique) {
  std::string names;
  std::string places;
  std::string same;
  int parameter = 0;
  for (const InsertColumn& column : columns) {
    const std::string place = '?' + std::to_string(++parameter);
    names += (names.empty() ? "" : ",") + quote_identifier(column.name);
    places += (places.empty() ? "" : ",") + place;
    if (column.name != "event_id" && column.name != "event_at") continue;
    same += (same.empty() ? "" : " AND ") + std::string(column.name) + " = " + place;
  }
  if (!unique) {
    return "INSERT INTO " + quote_identifier(table) + " (" + names + ") SELECT " + places +
           " WHERE NOT EXISTS (SELECT 1 FROM " + quote_identifier(table) + " WHERE " + same + ')';
  }
  return "INSERT INTO " + quote_identifier(table) + " (" + names + ") VALUES (" + places +
         ") ON CONFLICT (event_id) DO NOTHING";
}

std::string remove_rows_sql(const std::string& table, std::span<const EventPlace> places) {
  return "DELETE FROM " + quote_identifier(table) + " WHERE " + exact_places_sql(places);
}

std::string insert_marker_sql() {
  return "INSERT INTO " + std::string(kLoadsTable) +
         " (table_name, instance, batch_id, window_at, arrival_at, sent, inserted, duplicate, key_low_sum,"
         " key_high_sum, written_at) VALUES (?,?,?,?,?,?,?,?,?,?,?)";
}

std::string insert_rebuilt_sql() {
  const std::string loads(kLoadsTable);
  return "INSERT INTO " + loads +
         " (table_name, instance, batch_id, window_at, arrival_at, sent, inserted, duplicate, key_low_sum,"
         " key_high_sum, written_at) SELECT ?1,?2,?3,?4,?4,?5,?5,0,0,0,?6 WHERE NOT EXISTS (SELECT 1 FROM " +
         loads + " WHERE batch_id = ?3 AND table_name = ?1)";
}

std::string insert_duplicate_sql(const std::string& table) {
  return "INSERT INTO " + std::string(kDuplicatesTable) +
         " (table_name, instance, batch_id, event_key, received_at, written_at) SELECT ?1,?2,?3,?4,?5,?6 FROM " +
         quote_identifier(table) + " WHERE event_id = ?7 AND received_at IS NOT ?5";
}

std::string any_erased_sql() {
  return "SELECT EXISTS (SELECT 1 FROM " + std::string(kErasedTable) + ')';
}

std::string is_erased_sql() {
  return "SELECT 1 FROM " + std::string(kErasedTable) + " WHERE table_name = ? AND event_id = ? LIMIT 1";
}

std::string insert_erased_duplicate_sql() {
  return "INSERT INTO " + std::string(kDuplicatesTable) +
         " (table_name, instance, batch_id, event_key, received_at, written_at) SELECT ?1,?2,?3,?4,?5,?6 WHERE NOT "
         "EXISTS"
         " (SELECT 1 FROM " +
         std::string(kErasedTable) + " WHERE event_id = ?7 AND table_name = ?1 AND received_at = ?5)";
}

std::string note_erased_sql() {
  return "INSERT INTO " + std::string(kErasedTable) + " (table_name, event_id, event_at, erased_at) VALUES (?,?,?,?)";
}

std::string note_erased_rows_sql(const std::string& table, std::span<const EventPlace> places) {
  return "INSERT INTO " + std::string(kErasedTable) +
         " (table_name, event_id, event_at, received_at, erased_at) SELECT ?1, event_id, event_at, received_at, ?2 "
         "FROM " +
         quote_identifier(table) + " WHERE " + places_sql(places) + " AND received_at IS NOT NULL";
}

std::string prune_loads_sql() {
  return prune_sql(std::string(kLoadsTable), "arrival_at");
}

std::string prune_duplicates_sql() {
  return prune_sql(std::string(kDuplicatesTable), "received_at");
}

std::string insert_owed_sql() {
  return "INSERT INTO " + std::string(kOwedTable) +
         " (table_name, instance, target, arrival_at, received, owed, quarantined, waived, as_of) VALUES"
         " (?,?,?,?,?,?,?,?,?)";
}

std::string prune_owed_sql() {
  const std::string owed(kOwedTable);
  return "DELETE FROM " + owed + " WHERE rowid IN (SELECT o.rowid FROM " + owed +
         " o WHERE o.as_of < ?1 AND o.table_name = ?2 AND ((o.arrival_at < ?5 AND o.as_of < ?5 AND o.owed = 0) OR "
         "EXISTS"
         " (SELECT 1 FROM " +
         owed +
         " n WHERE n.arrival_at = o.arrival_at AND n.instance = o.instance AND n.target = o.target AND n.table_name ="
         " o.table_name AND n.as_of > o.as_of)) LIMIT ?3)";
}

std::string find_marker_sql() {
  return "SELECT count(*), sum(sent), sum(inserted), sum(duplicate) FROM " + std::string(kLoadsTable) +
         " WHERE batch_id = ? AND table_name = ?";
}

}  // namespace twinshift::warehouse
