#include "warehouse/schema/erased_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/time_text.hpp"
#include "warehouse/erased.hpp"
#include "warehouse/event_places.hpp"
#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/table_reader.hpp"

namespace twinshift::warehouse {
namespace {

std::string head(const TableName& table) {
  return "INSERT INTO " + sibling(table, kErasedTable) + " (table_name, event_id, event_at, received_at, erased_at) ";
}

// A stored time as one without zone, whatever zone the session has.
std::string plain_time(std::string_view name, std::span<const WriteColumn> columns) {
  const auto found = std::ranges::find(columns, name, &WriteColumn::name);
  const bool zoned = found != columns.end() && found->stored == Stored::timestamptz;
  return zoned ? fmt::format("({} AT TIME ZONE 'UTC')", name) : std::string(name);
}

std::string note_ids_sql(Dialect dialect, const TableName& table, std::span<const EventPlace> places,
                         const std::string& erased_at) {
  std::string sql = head(table) + "VALUES ";
  const std::string name = literal(dialect, table.table);
  const char* separator = "";
  for (const EventPlace& place : places) {
    sql += fmt::format("{}({},'{}','{}',NULL,'{}')", separator, name, place.id.hex(),
                       base::sql_timestamp(place.event_at), erased_at);
    separator = ",";
  }
  return sql;
}

std::string note_rows_sql(Dialect dialect, const TableName& table, std::span<const WriteColumn> columns,
                          std::span<const EventPlace> places, const std::string& erased_at) {
  return head(table) +
         fmt::format(
             "SELECT DISTINCT CAST({} AS VARCHAR(255)), event_id, {}, {}, CAST('{}' AS TIMESTAMP) FROM {} WHERE {} AND "
             "received_at IS NOT NULL",
             literal(dialect, table.table), plain_time("event_at", columns), plain_time("received_at", columns),
             erased_at, table.quoted(), places_sql(places));
}

}  // namespace

std::string erased_ids_sql(const TableName& table) {
  return fmt::format(
      "(SELECT DISTINCT event_id FROM {} WHERE table_name = {} AND event_id IN (SELECT event_id FROM {}))",
      sibling(table, kErasedTable), literal(Dialect::redshift, table.table), kStageTable);
}

std::string lock_out_writers_sql(const TableName& table) {
  return fmt::format("SET LOCAL lock_timeout = {}; LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", kLockOutMax.count(),
                     table.quoted());
}

std::vector<std::string> erase_sql(Dialect dialect, const TableName& table, std::span<const WriteColumn> columns,
                                   std::span<const EventPlace> places, base::WallTime erased_at) {
  const std::string when = base::sql_timestamp(erased_at);
  std::vector<std::string> statements{note_ids_sql(dialect, table, places, when),
                                      note_rows_sql(dialect, table, columns, places, when),
                                      remove_rows_sql(table, places)};
  if (dialect == Dialect::redshift) statements.push_back(remove_parts_sql(table, places));
  return statements;
}

std::string erase_grant(Dialect dialect, const TableName& table) {
  return remove_grant(dialect, table) + "; GRANT SELECT, INSERT ON " + sibling(table, kErasedTable) +
         " TO the user that we log in as";
}

std::string fingerprint_and_erased_sql(const TableName& table) {
  return fmt::format("SELECT ({}), EXISTS (SELECT 1 FROM {})", fingerprint_sql(table), sibling(table, kErasedTable));
}

std::string find_erased_sql(const TableName& table, std::span<const event::EventPtr> events) {
  std::string ids;
  for (const event::EventPtr& event : events) ids += (ids.empty() ? "" : ",") + event->id.hex();
  return fmt::format("SELECT DISTINCT event_id FROM {} WHERE table_name = {} AND event_id = ANY ('{{{}}}'::text[])",
                     sibling(table, kErasedTable), literal(Dialect::postgres, table.table), ids);
}

}  // namespace twinshift::warehouse
