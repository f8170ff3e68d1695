#include "warehouse/schema/ddl.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "warehouse/erased.hpp"
#include "warehouse/markers.hpp"
#include "warehouse/owed.hpp"
#include "warehouse/schema_access.hpp"
#include "warehouse/table_columns.hpp"

namespace twinshift::warehouse {
namespace {

// PostgreSQL cuts longer names silently (manual, section 4.1.1).
constexpr std::size_t kIndexNameMax = 63;

std::string index_name(const TableName& table, std::string_view ending) {
  return table.table.substr(0, kIndexNameMax - ending.size()) + std::string(ending);
}

// Filled by the database's clock (UTC) for whoever copies rows onwards; never compared and never written by us.
std::string_view clock_of(Dialect dialect) {
  return dialect == Dialect::postgres ? "(now() AT TIME ZONE 'UTC')" : "GETDATE()";
}

std::string column_sql(Dialect dialect, const event::Column& column, bool fresh) {
  std::string sql = quote_identifier(column.name) + ' ' + type_of(dialect, column);
  if (fresh && (column.name == "event_id" || column.name == "event_at")) sql += " NOT NULL";
  return sql;
}

// Keys: docs/decisions/0006-redshift-over-the-wire.md.
constexpr std::string_view kRedshiftKeys = "\nDISTSTYLE KEY DISTKEY (event_id)\nCOMPOUND SORTKEY (event_at)";

// Our own bookkeeping: texts of bounded width, in the order in which rows are written.
std::string bookkeeping_sql(Dialect dialect, const TableName& table, std::string_view name, std::string_view columns) {
  const std::string text = dialect == Dialect::postgres ? "TEXT" : "VARCHAR(255)";
  const std::string_view keys = dialect == Dialect::postgres ? "" : "\nDISTSTYLE EVEN\nCOMPOUND SORTKEY (written_at)";
  return fmt::format(
      "CREATE TABLE IF NOT EXISTS {} (\n  table_name {} NOT NULL,\n  instance {} NOT NULL,\n  batch_id {} NOT "
      "NULL,\n{}  written_at TIMESTAMP NOT NULL\n){}",
      sibling(table, name), text, text, text, columns, keys);
}

constexpr std::string_view kLoadsColumns =
    "  window_at TIMESTAMP NOT NULL,\n  arrival_at TIMESTAMP NOT NULL,\n  sent BIGINT NOT NULL,\n  inserted BIGINT NOT "
    "NULL,\n  duplicate BIGINT NOT NULL,\n  key_low_sum BIGINT NOT NULL,\n  key_high_sum BIGINT NOT NULL,\n";
constexpr std::string_view kDuplicatesColumns = "  event_key BIGINT NOT NULL,\n  received_at TIMESTAMP NOT NULL,\n";

std::string owed_sql(Dialect dialect, const TableName& table) {
  const std::string text = dialect == Dialect::postgres ? "TEXT" : "VARCHAR(255)";
  const std::string_view keys = dialect == Dialect::postgres ? "" : "\nDISTSTYLE EVEN\nCOMPOUND SORTKEY (as_of)";
  return fmt::format(
      "CREATE TABLE IF NOT EXISTS {} (\n  table_name {} NOT NULL,\n  instance {} NOT NULL,\n  target {} NOT NULL,\n"
      "  arrival_at TIMESTAMP NOT NULL,\n  received BIGINT NOT NULL,\n  owed BIGINT NOT NULL,\n"
      "  quarantined BIGINT NOT NULL,\n  waived BIGINT NOT NULL,\n  as_of TIMESTAMP NOT NULL\n){}",
      sibling(table, kOwedTable), text, text, text, keys);
}

std::string erased_sql(Dialect dialect, const TableName& table) {
  const bool postgres = dialect == Dialect::postgres;
  const std::string_view keys = postgres ? "" : "\nDISTSTYLE KEY DISTKEY (event_id)\nCOMPOUND SORTKEY (event_id)";
  return fmt::format(
      "CREATE TABLE IF NOT EXISTS {} (\n  table_name {} NOT NULL,\n  event_id {} NOT NULL,\n"
      "  event_at TIMESTAMP NOT NULL,\n  received_at TIMESTAMP,\n  erased_at TIMESTAMP NOT NULL\n){}",
      sibling(table, kErasedTable), postgres ? "TEXT" : "VARCHAR(255)", postgres ? "TEXT" : "VARCHAR(32)", keys);
}

Sibling index_of(const TableName& table, std::string_view sibling_name, std::string_view column) {
  Sibling index{.name = fmt::format("{}_{}", sibling_name, column), .create_sql = {}, .index_of = {}, .needed = false};
  index.index_of = sibling_name;
  index.create_sql = fmt::format("CREATE INDEX IF NOT EXISTS {} ON {} ({})", quote_identifier(index.name),
                                 sibling(table, sibling_name), column);
  return index;
}

std::string parts_sql(const TableName& table) {
  return "CREATE TABLE IF NOT EXISTS " + sibling(table, kPartsTable) +
         " (\n  event_id VARCHAR(32) NOT NULL,\n  part INTEGER NOT NULL,\n  parts INTEGER NOT NULL,\n"
         "  body VARCHAR(65535) NOT NULL\n)\nDISTSTYLE KEY DISTKEY (event_id)\nCOMPOUND SORTKEY (event_id, part)";
}

std::string writer_sql(const TableName& table) {
  return "CREATE TABLE IF NOT EXISTS " + sibling(table, kWriterTable) + " (\n  note VARCHAR(255)\n)\nDISTSTYLE ALL";
}

}  // namespace

std::string sibling(const TableName& table, std::string_view name) {
  return TableName{table.schema, std::string(name)}.quoted();
}

std::string id_index_name(const TableName& table) {
  return index_name(table, "_event_id");
}

std::string create_table_sql(Dialect dialect, const TableName& table) {
  std::string sql = "CREATE TABLE IF NOT EXISTS " + table.quoted() + " (";
  for (const event::Column& column : table_columns()) sql += "\n  " + column_sql(dialect, column, true) + ',';
  sql += fmt::format("\n  \"{}\" TIMESTAMP DEFAULT {}\n)", kLoadedAt, clock_of(dialect));
  if (dialect == Dialect::redshift) sql += kRedshiftKeys;
  return sql;
}

std::vector<std::string> create_index_sql(Dialect dialect, const TableName& table) {
  if (dialect == Dialect::redshift) return {};
  // BRIN: rows come nearly in the order of event_at, and it costs an insert next to nothing.
  return {"CREATE UNIQUE INDEX IF NOT EXISTS " + quote_identifier(id_index_name(table)) + " ON " + table.quoted() +
              " (event_id)",
          "CREATE INDEX IF NOT EXISTS " + quote_identifier(index_name(table, "_event_at")) + " ON " + table.quoted() +
              " USING brin (event_at) WITH (pages_per_range = 32, autosummarize = on)"};
}

std::vector<Sibling> siblings_of(Dialect dialect, const TableName& table) {
  const auto own = [](std::string_view name, std::string sql, bool needed) {
    return Sibling{.name = std::string(name), .create_sql = std::move(sql), .index_of = {}, .needed = needed};
  };
  std::vector<Sibling> siblings{
      own(kLoadsTable, bookkeeping_sql(dialect, table, kLoadsTable, kLoadsColumns), true),
      own(kDuplicatesTable, bookkeeping_sql(dialect, table, kDuplicatesTable, kDuplicatesColumns), false),
      own(kOwedTable, owed_sql(dialect, table), false), own(kErasedTable, erased_sql(dialect, table), false)};
  if (dialect == Dialect::postgres) {
    siblings.push_back(index_of(table, kLoadsTable, "batch_id"));
    siblings.push_back(index_of(table, kLoadsTable, "arrival_at"));
    siblings.push_back(index_of(table, kDuplicatesTable, "received_at"));
    siblings.push_back(index_of(table, kErasedTable, "event_id"));
    return siblings;
  }
  siblings.push_back(own(kPartsTable, parts_sql(table), true));
  siblings.push_back(own(kWriterTable, writer_sql(table), true));
  return siblings;
}

std::string add_column_sql(Dialect dialect, const TableName& table, std::string_view column) {
  const auto columns = table_columns();
  const auto found = std::ranges::find_if(columns, [&](const event::Column& each) { return each.name == column; });
  if (found == columns.end()) return {};
  return "ALTER TABLE " + table.quoted() + " ADD COLUMN " + column_sql(dialect, *found, false);
}

std::string add_loaded_at_sql(Dialect dialect, const TableName& table) {
  const std::string add = "ALTER TABLE " + table.quoted() + " ADD COLUMN \"" + std::string(kLoadedAt) + "\" TIMESTAMP";
  // One statement: no row can come between.
  if (dialect == Dialect::postgres) {
    return fmt::format("{}, ALTER COLUMN \"{}\" SET DEFAULT {}", add, kLoadedAt, clock_of(dialect));
  }
  return fmt::format("{} DEFAULT {}", add, clock_of(dialect));
}

std::string grow_column_sql(Dialect dialect, const TableName& table, const event::Column& column,
                            const RealColumn& real) {
  // Redshift lets a VARCHAR grow and changes nothing else (developer guide, ALTER TABLE).
  const bool grows = dialect == Dialect::postgres || real.stored == Stored::text;
  if (!grows) return rename_column_sql(table, column.name) + ", and let --apply add a new one";
  // JSON that stands as text goes on doing so: what is there already may be no JSON at all.
  event::Column wanted = column;
  if (real.stored == Stored::text) wanted.type = event::ColumnType::text;
  return "ALTER TABLE " + table.quoted() + " ALTER COLUMN " + quote_identifier(column.name) + " TYPE " +
         type_of(dialect, wanted);
}

std::string rename_column_sql(const TableName& table, std::string_view column) {
  return "ALTER TABLE " + table.quoted() + " RENAME COLUMN " + quote_identifier(column) + " TO " +
         quote_identifier(std::string(column) + "_old");
}

std::string drop_not_null_sql(Dialect dialect, const TableName& table, const RealColumn& column) {
  const std::string alter = "ALTER TABLE " + table.quoted() + ' ';
  const std::string name = quote_identifier(column.name);
  if (dialect == Dialect::postgres) return alter + "ALTER COLUMN " + name + " DROP NOT NULL";
  const std::string copy = quote_identifier(column.name + "_new");
  return fmt::format("{0}ADD COLUMN {2} {3}; UPDATE {4} SET {2} = {1}; {0}DROP COLUMN {1}; {0}RENAME COLUMN {2} TO {1}",
                     alter, name, copy, column.type_text, table.quoted());
}

std::string unnamed_index_sql(const TableName& table) {
  return "CREATE UNIQUE INDEX ON " + table.quoted() + " (event_id)";
}

std::string drop_key_sql(const TableName& table, const UniqueKey& key) {
  if (!key.constraint && !key.primary) return "DROP INDEX " + sibling(table, key.name);
  return "ALTER TABLE " + table.quoted() + " DROP CONSTRAINT " + quote_identifier(key.name);
}

std::string schema_text(Dialect dialect, const TableName& table) {
  std::string text =
      fmt::format("-- Twinshift's tables in {}, as `twinshift schema` prints them. See docs/warehouses.md.\n\n{};\n",
                  product_of(dialect), create_table_sql(dialect, table));
  for (const std::string& sql : create_index_sql(dialect, table)) text += '\n' + sql + ";\n";
  for (const Sibling& each : siblings_of(dialect, table)) text += '\n' + each.create_sql + ";\n";
  return text;
}

}  // namespace twinshift::warehouse
