#include "warehouse/schema/write_text.hpp"

#include <fmt/format.h>

#include "base/time_text.hpp"
#include "warehouse/schema/ddl.hpp"

namespace twinshift::warehouse {

std::string literal(Dialect dialect, std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || (c == '\\' && dialect == Dialect::redshift)) quoted += c;
    quoted += c;
  }
  return quoted += '\'';
}

std::string column_list(std::span<const WriteColumn> columns) {
  std::string list;
  for (const WriteColumn& column : columns) {
    if (!list.empty()) list += ',';
    list += quote_identifier(column.name);
  }
  return list;
}

std::string insert_markers_sql(Dialect dialect, const TableName& table, const MarkerOrigin& origin,
                               std::span<const MarkerRow> rows) {
  std::string sql = "INSERT INTO " + sibling(table, kLoadsTable) +
                    " (table_name, instance, batch_id, window_at, arrival_at, sent, inserted, duplicate, key_low_sum,"
                    " key_high_sum, written_at) VALUES ";
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

std::string find_marker_sql(Dialect dialect, const TableName& table, std::string_view batch_id) {
  return "SELECT count(*), sum(sent), sum(inserted), sum(duplicate) FROM " + sibling(table, kLoadsTable) +
         " WHERE batch_id = " + literal(dialect, batch_id) + " AND table_name = " + literal(dialect, table.table);
}

// ---- PostgreSQL

std::string batch_lock_sql(std::string_view batch_id) {
  // FNV-1a: two batches that share a lock only wait for each other.
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : batch_id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
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

std::string insert_from_copy_stage_sql(const TableName& table, std::span<const WriteColumn> columns) {
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

std::string lock_writer_sql(const TableName& table) {
  return "LOCK " + sibling(table, kWriterTable);
}

std::vector<std::string> create_stages_sql(const RealTable& real, std::span<const WriteColumn> columns) {
  std::string sql = fmt::format("CREATE TEMP TABLE {} (\n  {} INTEGER", kStageTable, kPosition);
  for (const WriteColumn& column : columns) {
    sql += ",\n  " + quote_identifier(column.name) + ' ' + stage_type(real, column);
  }
  return {sql + "\n)\nDISTSTYLE KEY DISTKEY (event_id)",
          fmt::format("CREATE TEMP TABLE {} (\n  {} INTEGER,\n  event_id VARCHAR(32),\n  part INTEGER,\n  parts "
                      "INTEGER,\n  body VARCHAR(65535)\n)",
                      kPartsStageTable, kPosition)};
}

std::string insert_to_stage_sql(std::span<const WriteColumn> columns, std::size_t rows) {
  return fmt::format("INSERT INTO {} ({},{}) VALUES {}", kStageTable, kPosition, column_list(columns),
                     parameters(rows, columns.size() + 1));
}

std::string insert_to_parts_stage_sql(std::size_t rows) {
  return fmt::format("INSERT INTO {} ({}, event_id, part, parts, body) VALUES {}", kPartsStageTable, kPosition,
                     parameters(rows, 5));
}

std::string find_duplicates_sql(const TableName& table, std::span<const TimeRange> ranges) {
  std::string where;
  for (const TimeRange& range : ranges) {
    where += fmt::format("{}t.event_at BETWEEN '{}' AND '{}'", where.empty() ? "" : " OR ",
                         base::sql_timestamp(range.first), base::sql_timestamp(range.last));
  }
  return fmt::format("SELECT s.{} FROM {} s JOIN {} t ON t.event_id = s.event_id AND ({})", kPosition, kStageTable,
                     table.quoted(), where);
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

}  // namespace twinshift::warehouse
