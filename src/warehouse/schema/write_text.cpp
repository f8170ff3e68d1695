#include "warehouse/schema/write_text.hpp"

#include <fmt/format.h>

#include "base/fnv1a.hpp"
#include "base/time_text.hpp"
#include "warehouse/event_places.hpp"
#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/erased_text.hpp"

namespace twinshift::warehouse {

void append_literal(std::string& out, Dialect dialect, std::string_view text) {
  const std::string_view special = dialect == Dialect::redshift ? "'\\" : "'";
  out += '\'';
  for (std::size_t at = 0;;) {
    const std::size_t found = text.find_first_of(special, at);
    out += text.substr(at, found - at);
    if (found == std::string_view::npos) break;
    out.append(2, text[found]);
    at = found + 1;
  }
  out += '\'';
}

std::string literal(Dialect dialect, std::string_view text) {
  std::string quoted;
  append_literal(quoted, dialect, text);
  return quoted;
}

std::string column_list(std::span<const WriteColumn> columns) {
  std::string list;
  for (const WriteColumn& column : columns) {
    if (!list.empty()) list += ',';
    list += quote_identifier(column.name);
  }
  return list;
}

namespace {

std::string markers_head(const TableName& table) {
  return "INSERT INTO " + sibling(table, kLoadsTable) +
         " (table_name, instance, batch_id, window_at, arrival_at, sent, inserted, duplicate, key_low_sum,"
         " key_high_sum, written_at) ";
}

}  // namespace

std::string insert_markers_sql(Dialect dialect, const TableName& table, const MarkerOrigin& origin,
                               std::span<const MarkerRow> rows) {
  std::string sql = markers_head(table) + "VALUES ";
  const std::string who = literal(dialect, origin.table) + ',' + literal(dialect, origin.instance) + ',' +
                          literal(dialect, origin.batch_id);
  const std::string when = base::sql_timestamp(origin.written_at);
  const char* separator = "";
  for (const MarkerRow& row : rows) {
    sql += fmt::format("{}({},'{}','{}',{},{},{},{},{},'{}')", separator, who, base::sql_timestamp(row.window_at),
                       base::sql_timestamp(row.arrival_at), row.sent, row.inserted, row.duplicate, row.key_low_sum,
                       row.key_high_sum, when);
    separator = ",";
  }
  return sql;
}

std::string insert_rebuilt_sql(Dialect dialect, const TableName& table, const MarkerOrigin& origin,
                               std::span<const RebuiltHour> hours) {
  std::string rows;
  for (const RebuiltHour& hour : hours) {
    rows += fmt::format(
        "{}SELECT CAST({} AS VARCHAR(255)) AS batch_id, CAST('{}' AS TIMESTAMP) AS arrival_at, {} AS events",
        rows.empty() ? "" : " UNION ALL ", literal(dialect, hour.id), base::sql_timestamp(hour.arrival_at),
        hour.events);
  }
  return markers_head(table) +
         fmt::format(
             "SELECT {0}, {1}, k.batch_id, k.arrival_at, k.arrival_at, k.events, k.events, 0, 0, 0, "
             "CAST('{2}' AS TIMESTAMP) FROM ({3}) k WHERE k.batch_id NOT IN (SELECT m.batch_id FROM {4} m WHERE "
             "m.table_name = {0} AND m.batch_id LIKE '{5}%')",
             literal(dialect, origin.table), literal(dialect, origin.instance), base::sql_timestamp(origin.written_at),
             rows, sibling(table, kLoadsTable), kRebuiltPrefix);
}

std::string find_marker_sql(Dialect dialect, const TableName& table, std::string_view batch_id) {
  return "SELECT count(*), sum(sent), sum(inserted), sum(duplicate) FROM " + sibling(table, kLoadsTable) +
         " WHERE batch_id = " + literal(dialect, batch_id) + " AND table_name = " + literal(dialect, table.table);
}

std::string remove_rows_sql(const TableName& table, std::span<const EventPlace> places) {
  return "DELETE FROM " + table.quoted() + " WHERE " + exact_places_sql(places);
}

std::string remove_parts_sql(const TableName& table, std::span<const EventPlace> places) {
  const std::string ids = ids_sql(places);
  return "DELETE FROM " + sibling(table, kPartsTable) + " WHERE " + ids +
         " AND event_id NOT IN (SELECT event_id FROM " + table.quoted() + " WHERE " + ids + ')';
}

std::string remove_grant(Dialect dialect, const TableName& table) {
  std::string tables = table.quoted();
  if (dialect == Dialect::redshift) tables += ", " + sibling(table, kPartsTable);
  return "GRANT SELECT, DELETE ON " + tables + " TO the user that we log in as";
}

// ---- PostgreSQL

std::string batch_lock_sql(std::string_view batch_id) {
  // FNV-1a: two batches that share a lock only wait for each other.
  const std::uint64_t hash = base::fnv1a(batch_id);
  return fmt::format("SELECT pg_advisory_xact_lock({})", static_cast<std::int64_t>(hash));
}

std::string lock_table_sql(const TableName& table) {
  return "LOCK TABLE " + table.quoted() + " IN ROW EXCLUSIVE MODE";
}

std::string copy_sql(const TableName& table, std::span<const WriteColumn> columns) {
  return "COPY " + table.quoted() + " (" + column_list(columns) + ") FROM STDIN (FORMAT binary)";
}

std::string create_copy_stage_sql(const TableName& table, std::span<const WriteColumn> columns) {
  // From a SELECT, so that it has the types and widths but none of the constraints.
  return fmt::format(
      "CREATE TEMP TABLE {0} ON COMMIT DELETE ROWS AS SELECT 0::integer AS {1},{2} FROM {3} WITH NO DATA", kStageTable,
      kPosition, column_list(columns), table.quoted());
}

std::string copy_to_stage_sql(std::span<const WriteColumn> columns) {
  return fmt::format("COPY pg_temp.{} ({},{}) FROM STDIN (FORMAT binary)", kStageTable, kPosition,
                     column_list(columns));
}

std::string insert_from_copy_stage_sql(const TableName& table, std::span<const WriteColumn> columns, bool unique) {
  if (!unique) {
    return fmt::format(
        "WITH put AS (INSERT INTO {0} ({1}) SELECT {1} FROM pg_temp.{2} n WHERE NOT EXISTS (SELECT 1 FROM {0} t "
        "WHERE t.event_at = n.event_at AND t.event_id = n.event_id) RETURNING event_id) "
        "SELECT s.{3} FROM pg_temp.{2} s WHERE NOT EXISTS (SELECT 1 FROM put WHERE put.event_id = s.event_id)",
        table.quoted(), column_list(columns), kStageTable, kPosition);
  }
  // In order of the key, so that two instances with the same events wait for each other instead of deadlocking.
  return fmt::format(
      "WITH put AS (INSERT INTO {0} ({1}) SELECT {1} FROM pg_temp.{2} ORDER BY event_id ON CONFLICT (event_id) DO "
      "NOTHING RETURNING event_id) SELECT s.{3} FROM pg_temp.{2} s WHERE NOT EXISTS (SELECT 1 FROM put WHERE "
      "put.event_id = s.event_id)",
      table.quoted(), column_list(columns), kStageTable, kPosition);
}

// ---- Redshift

namespace {

std::string excluding(std::span<const std::uint32_t> duplicates) {
  if (duplicates.empty()) return {};
  std::string list;
  for (const std::uint32_t position : duplicates) {
    if (!list.empty()) list += ',';
    list += std::to_string(position);
  }
  return fmt::format(" WHERE s.{} NOT IN ({})", kPosition, list);
}

std::string stage_type(const RealTable& real, const WriteColumn& column) {
  if (column.stored == Stored::super) return fmt::format("VARCHAR({})", kRedshiftTextMax);
  const RealColumn* found = real.find(column.name);
  return found == nullptr ? std::string("VARCHAR(65535)") : found->type_text;
}

void append_stage_columns(std::string& sql, const RealTable& real, std::span<const WriteColumn> columns) {
  for (const WriteColumn& column : columns) {
    sql += ",\n  " + quote_identifier(column.name) + ' ' + stage_type(real, column);
  }
}

std::string parameters(std::size_t rows, std::size_t width) {
  std::string list;
  std::size_t number = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    list += row == 0 ? "(" : ",(";
    for (std::size_t i = 0; i < width; ++i) {
      list += fmt::format("{}${}", i == 0 ? "" : ",", ++number);
    }
    list += ')';
  }
  return list;
}

}  // namespace

std::string within_sql(std::span<const TimeRange> ranges) {
  std::string where;
  for (const TimeRange& range : ranges) {
    where += fmt::format("{}t.event_at BETWEEN '{}' AND '{}'", where.empty() ? "" : " OR ",
                         base::sql_timestamp(range.first), base::sql_timestamp(range.last));
  }
  return where;
}

std::string lock_writer_sql(const TableName& table) {
  return "LOCK " + sibling(table, kWriterTable);
}

std::vector<std::string> create_stages_sql(const RealTable& real, std::span<const WriteColumn> columns) {
  std::string sql = fmt::format("CREATE TEMP TABLE {} (\n  {} INTEGER", kStageTable, kPosition);
  append_stage_columns(sql, real, columns);
  return {sql + "\n)\nDISTSTYLE KEY DISTKEY (event_id)", create_parts_stage_sql()};
}

std::string insert_to_stage_sql(std::span<const WriteColumn> columns, std::size_t rows) {
  return fmt::format("INSERT INTO {} ({},{}) VALUES {}", kStageTable, kPosition, column_list(columns),
                     parameters(rows, columns.size() + 1));
}

std::string insert_to_parts_stage_sql(std::size_t rows) {
  return fmt::format("INSERT INTO {} ({}, event_id, part, parts, body) VALUES {}", kPartsStageTable, kPosition,
                     parameters(rows, 5));
}

std::string find_duplicates_sql(const TableName& table, std::span<const TimeRange> ranges, bool erased) {
  std::string sql = fmt::format("SELECT s.{} FROM {} s JOIN {} t ON t.event_id = s.event_id AND ({})", kPosition,
                                kStageTable, table.quoted(), within_sql(ranges));
  if (!erased) return sql;
  return sql + fmt::format(" UNION ALL SELECT s.{} FROM {} s JOIN {} e ON e.event_id = s.event_id", kPosition,
                           kStageTable, erased_ids_sql(table));
}

std::string insert_from_stage_sql(const TableName& table, std::span<const WriteColumn> columns,
                                  std::span<const std::uint32_t> duplicates) {
  std::string from;
  for (const WriteColumn& column : columns) {
    const std::string name = "s." + quote_identifier(column.name);
    from += from.empty() ? "" : ",";
    from += column.stored == Stored::super ? "JSON_PARSE(" + name + ")" : name;
  }
  return fmt::format("INSERT INTO {} ({}) SELECT {} FROM {} s{}", table.quoted(), column_list(columns), from,
                     kStageTable, excluding(duplicates));
}

std::string insert_parts_sql(const TableName& table, std::span<const std::uint32_t> duplicates) {
  return fmt::format(
      "INSERT INTO {} (event_id, part, parts, body) SELECT s.event_id, s.part, s.parts, s.body FROM {} s{}",
      sibling(table, kPartsTable), kPartsStageTable, excluding(duplicates));
}

// ---- Redshift, all of a batch in one transaction of literals

std::string create_literal_stage_sql(const RealTable& real, std::span<const WriteColumn> columns) {
  std::string sql = fmt::format("CREATE TEMP TABLE {} (\n  {} INTEGER,\n  {} INTEGER", kStageTable, kPosition, kPlace);
  append_stage_columns(sql, real, columns);
  return sql + "\n)\nDISTSTYLE KEY DISTKEY (event_id)";
}

std::string create_parts_stage_sql() {
  return fmt::format(
      "CREATE TEMP TABLE {} (\n  {} INTEGER,\n  event_id VARCHAR(32),\n  part INTEGER,\n  parts "
      "INTEGER,\n  body VARCHAR(65535)\n)",
      kPartsStageTable, kPosition);
}

std::string literal_stage_head(std::span<const WriteColumn> columns) {
  return fmt::format("INSERT INTO {} ({},{},{}) VALUES ", kStageTable, kPosition, kPlace, column_list(columns));
}

std::string parts_stage_head() {
  return fmt::format("INSERT INTO {} ({},event_id,part,parts,body) VALUES ", kPartsStageTable, kPosition);
}

std::string append_to_stage_head() {
  return fmt::format("UPDATE {} SET ", kStageTable);
}

std::string append_to_stage_tail(std::uint32_t position) {
  return fmt::format(" WHERE {} = {}", kPosition, position);
}

std::string delete_staged_duplicates_sql(const TableName& table, std::span<const TimeRange> ranges, bool erased) {
  std::string sql = fmt::format("DELETE FROM {} WHERE event_id IN (SELECT t.event_id FROM {} t WHERE {}", kStageTable,
                                table.quoted(), within_sql(ranges));
  if (erased) sql += fmt::format(" UNION ALL SELECT e.event_id FROM {} e", erased_ids_sql(table));
  return sql + ')';
}

std::string select_staged_sql() {
  return fmt::format("SELECT {} FROM {}", kPosition, kStageTable);
}

std::string insert_staged_parts_sql(const TableName& table) {
  return fmt::format(
      "INSERT INTO {0} (event_id, part, parts, body) SELECT p.event_id, p.part, p.parts, p.body FROM {1} p "
      "WHERE p.{2} IN (SELECT {2} FROM {3})",
      sibling(table, kPartsTable), kPartsStageTable, kPosition, kStageTable);
}

std::string insert_counted_markers_sql(const TableName& table, const MarkerOrigin& origin,
                                       std::span<const MarkerPlace> places) {
  std::string known;
  for (const MarkerPlace& place : places) {
    known += fmt::format("{}SELECT {} AS place, '{}' AS window_at, '{}' AS arrival_at, {} AS sent, {} AS refused",
                         known.empty() ? "" : " UNION ALL ", place.number, base::sql_timestamp(place.window_at),
                         base::sql_timestamp(place.arrival_at), place.sent, place.refused);
  }
  constexpr std::int64_t kHalf = kKeyHalf + 1;
  return markers_head(table) +
         fmt::format(
             "SELECT {}, {}, {}, CAST(k.window_at AS TIMESTAMP), CAST(k.arrival_at AS TIMESTAMP), k.sent, "
             "COALESCE(s.inserted, 0), k.sent - k.refused - COALESCE(s.inserted, 0), COALESCE(s.low, 0), "
             "COALESCE(s.high, 0), CAST('{}' AS TIMESTAMP) FROM ({}) k LEFT JOIN (SELECT {} AS place, COUNT(*) AS "
             "inserted, CAST(SUM(event_key % {}) AS BIGINT) AS low, CAST(SUM(event_key / {}) AS BIGINT) AS high FROM "
             "{} GROUP BY {}) s ON s.place = k.place",
             literal(Dialect::redshift, origin.table), literal(Dialect::redshift, origin.instance),
             literal(Dialect::redshift, origin.batch_id), base::sql_timestamp(origin.written_at), known, kPlace, kHalf,
             kHalf, kStageTable, kPlace);
}

std::string drop_stage_sql(std::string_view stage) {
  return "DROP TABLE " + std::string(stage);
}

}  // namespace twinshift::warehouse
