#include "warehouse/schema/duplicate_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/time_text.hpp"
#include "warehouse/erased.hpp"
#include "warehouse/markers.hpp"
#include "warehouse/owed.hpp"
#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/erased_text.hpp"

namespace twinshift::warehouse {
namespace {

std::string head(const TableName& table) {
  return fmt::format("INSERT INTO {} (table_name, instance, batch_id, event_key, received_at, written_at) ",
                     sibling(table, kDuplicatesTable));
}

// SELECT ..., with the expressions handed in for the key and the arrival of each row.
std::string selected(Dialect dialect, const MarkerOrigin& origin, std::string_view key, std::string_view received_at) {
  return fmt::format("SELECT {}, {}, {}, {}, {}, CAST('{}' AS TIMESTAMP) ", literal(dialect, origin.table),
                     literal(dialect, origin.instance), literal(dialect, origin.batch_id), key, received_at,
                     base::sql_timestamp(origin.written_at));
}

std::string values_of(std::span<const event::Event* const> events) {
  std::string values;
  for (const event::Event* event : events) {
    values += fmt::format("{}('{}',{}::bigint,'{}'::timestamp)", values.empty() ? "" : ",", event->id.hex(), event->key,
                          base::sql_timestamp(event->received_at));
  }
  return values;
}

// A stored arrival as a time without zone, whatever zone the session has.
std::string arrival_of(std::string_view alias, Stored stored) {
  return stored == Stored::timestamptz ? fmt::format("({}.received_at AT TIME ZONE 'UTC')", alias)
                                       : fmt::format("{}.received_at", alias);
}

}  // namespace

Stored received_at_stored(std::span<const WriteColumn> columns) {
  const auto found = std::ranges::find(columns, std::string_view("received_at"), &WriteColumn::name);
  return found == columns.end() ? Stored::timestamp : found->stored;
}

std::string insert_duplicates_sql(const TableName& table, const MarkerOrigin& origin, Stored received_at,
                                  std::span<const event::Event* const> events) {
  return head(table) + selected(Dialect::postgres, origin, "d.event_key", "d.received_at") +
         fmt::format(
             "FROM (VALUES {}) AS d(event_id, event_key, received_at) JOIN {} t ON t.event_id = d.event_id WHERE {} IS "
             "DISTINCT FROM d.received_at",
             values_of(events), table.quoted(), arrival_of("t", received_at));
}

std::string insert_erased_duplicates_sql(const TableName& table, const MarkerOrigin& origin,
                                         std::span<const event::Event* const> events) {
  return head(table) + selected(Dialect::postgres, origin, "d.event_key", "d.received_at") +
         fmt::format(
             "FROM (VALUES {}) AS d(event_id, event_key, received_at) WHERE NOT EXISTS (SELECT 1 FROM {} e WHERE "
             "e.table_name = {} AND e.event_id = d.event_id AND e.received_at = d.received_at)",
             values_of(events), sibling(table, kErasedTable), literal(Dialect::postgres, table.table));
}

namespace {

// As joins, which Redshift plans better than it does correlated conditions.
std::string staged_erased_sql(const TableName& table, const std::string& columns, const std::string& arrival) {
  return fmt::format(
      " UNION ALL {0}FROM {1} s JOIN {2} e ON e.event_id = s.event_id LEFT JOIN (SELECT DISTINCT event_id, received_at "
      "FROM {3} WHERE table_name = {4}) r ON r.event_id = s.event_id AND r.received_at = {5} WHERE r.event_id IS NULL",
      columns, kStageTable, erased_ids_sql(table), sibling(table, kErasedTable),
      literal(Dialect::redshift, table.table), arrival);
}

}  // namespace

std::string insert_staged_duplicates_sql(const TableName& table, const MarkerOrigin& origin, Stored received_at,
                                         std::span<const TimeRange> ranges, bool erased) {
  const std::string arrival = arrival_of("s", received_at);
  const std::string columns = selected(Dialect::redshift, origin, "s.event_key", arrival);
  std::string sql = head(table) + columns +
                    fmt::format(
                        "FROM {} s JOIN {} t ON t.event_id = s.event_id AND ({}) WHERE t.received_at IS NULL OR "
                        "t.received_at <> s.received_at",
                        kStageTable, table.quoted(), within_sql(ranges));
  if (erased) sql += staged_erased_sql(table, columns, arrival);
  return sql;
}

std::string stage_doubles_sql(Stored received_at, std::span<const StagedDouble> doubles) {
  std::string sql = fmt::format("INSERT INTO {} ({},event_id,event_key,received_at) VALUES ", kStageTable, kPosition);
  const std::string_view zone = received_at == Stored::timestamptz ? "+00" : "";
  const char* separator = "";
  for (const StagedDouble& each : doubles) {
    sql += fmt::format("{}({},'{}',{},'{}{}')", separator, each.position, each.event->id.hex(), each.event->key,
                       base::sql_timestamp(each.event->received_at), zone);
    separator = ",";
  }
  return sql;
}

namespace {

// The rows that this instance may remove, less what a dialect adds to find them fast.
std::string removable(Dialect dialect, const TableName& table, const PruneScope& scope) {
  return fmt::format("table_name = {} AND written_at < '{}' AND (instance = {} OR written_at < '{}')",
                     literal(dialect, table.table), base::sql_timestamp(scope.before), literal(dialect, scope.instance),
                     base::sql_timestamp(abandoned_before(scope.before)));
}

// PostgreSQL: by the index on the arrival, which is never after the writing but where a clock was turned back.
std::string prune_rows_sql(const TableName& table, std::string_view name, std::string_view arrival,
                           const PruneScope& scope) {
  return fmt::format(
      "DELETE FROM {0} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {0} WHERE {1} < '{2}' AND {3} LIMIT {4}))",
      sibling(table, name), arrival, base::sql_timestamp(scope.before), removable(Dialect::postgres, table, scope),
      kPruneRowsMax);
}

// Redshift: by the sort key; DELETE has no LIMIT there.
std::string prune_slice_sql(const TableName& table, std::string_view name, const PruneScope& scope) {
  return fmt::format(
      "DELETE FROM {0} WHERE {1} AND written_at <= (SELECT MIN(written_at) FROM {0} WHERE {1}) + INTERVAL '{2} hours'",
      sibling(table, name), removable(Dialect::redshift, table, scope), kPruneSlice.count());
}

}  // namespace

std::string prune_loads_sql(Dialect dialect, const TableName& table, const PruneScope& scope) {
  return dialect == Dialect::redshift ? prune_slice_sql(table, kLoadsTable, scope)
                                      : prune_rows_sql(table, kLoadsTable, "arrival_at", scope);
}

std::string prune_duplicates_sql(Dialect dialect, const TableName& table, const PruneScope& scope) {
  return dialect == Dialect::redshift ? prune_slice_sql(table, kDuplicatesTable, scope)
                                      : prune_rows_sql(table, kDuplicatesTable, "received_at", scope);
}

std::string prune_grant(const TableName& table) {
  return fmt::format("GRANT DELETE ON {}, {}, {} TO the user that we log in as", sibling(table, kLoadsTable),
                     sibling(table, kDuplicatesTable), sibling(table, kOwedTable));
}

}  // namespace twinshift::warehouse
