#include "warehouse/drivers/postgres/table_reader.hpp"

#include <array>
#include <charconv>

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;

// PostgreSQL's catalog (manual, chapter 53). A type modifier of VARCHAR is its length + 4, of NUMERIC precision and
// scale packed + 4, of a time its digits.
constexpr const char* kPostgresColumns =
    "SELECT a.attname, format_type(a.atttypid, a.atttypmod), t.typname, a.atttypmod, a.attnotnull, "
    "a.atthasdef OR a.attidentity <> '', a.attgenerated = '' AND a.attidentity <> 'a', c.relkind IN ('r', 'p') "
    "FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_class c ON c.oid = a.attrelid "
    "JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

constexpr const char* kPostgresKeys =
    "SELECT i.relname, x.indisprimary, con.oid IS NOT NULL, x.indpred IS NOT NULL OR x.indexprs IS NOT NULL, "
    "(SELECT string_agg(a.attname, chr(31) ORDER BY k.place) FROM unnest(x.indkey::int2[]) WITH ORDINALITY "
    "k(number, place) JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.number "
    "WHERE k.place <= x.indnkeyatts) "
    "FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid "
    "JOIN pg_namespace n ON n.oid = c.relnamespace "
    "LEFT JOIN pg_constraint con ON con.conindid = x.indexrelid AND con.contype IN ('p', 'u') "
    "WHERE n.nspname = $1 AND c.relname = $2 AND x.indisunique AND x.indisvalid ORDER BY i.relname";

// Redshift (developer guide, SVV_COLUMNS and SVV_TABLES).
constexpr const char* kRedshiftColumns =
    "SELECT column_name, data_type, character_maximum_length, numeric_precision, numeric_scale, is_nullable, "
    "column_default FROM svv_columns WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position";
constexpr const char* kRedshiftTable = "SELECT table_type FROM svv_tables WHERE table_schema = $1 AND table_name = $2";

struct TypeName {
  std::string_view name;
  Stored stored;
};
// Names of pg_type and of SVV_COLUMNS.
constexpr std::array kTypes = {
    TypeName{"text", Stored::text},
    TypeName{"varchar", Stored::text},
    TypeName{"character varying", Stored::text},
    TypeName{"int2", Stored::int2},
    TypeName{"smallint", Stored::int2},
    TypeName{"int4", Stored::int4},
    TypeName{"integer", Stored::int4},
    TypeName{"int8", Stored::int8},
    TypeName{"bigint", Stored::int8},
    TypeName{"bool", Stored::boolean},
    TypeName{"boolean", Stored::boolean},
    TypeName{"numeric", Stored::numeric},
    TypeName{"timestamp", Stored::timestamp},
    TypeName{"timestamp without time zone", Stored::timestamp},
    TypeName{"timestamptz", Stored::timestamptz},
    TypeName{"timestamp with time zone", Stored::timestamptz},
    TypeName{"json", Stored::json},
    TypeName{"jsonb", Stored::jsonb},
    TypeName{"super", Stored::super},
};

Stored stored_of(std::string_view name) {
  for (const TypeName& type : kTypes) {
    if (type.name == name) return type.stored;
  }
  return Stored::other;
}

bool is_true(std::string_view text) {
  return text == "t" || text == "true";
}

constexpr std::int64_t kModifierOffset = 4;
constexpr std::int64_t kMicrosecondDigits = 6;

void apply_modifier(RealColumn& column, std::int64_t modifier) {
  if (modifier < 0) return;
  if (column.stored == Stored::text) column.width = static_cast<std::int32_t>(modifier - kModifierOffset);
  if (column.stored == Stored::numeric) {
    constexpr std::int64_t kScaleBits = 0x7FF;
    constexpr std::int64_t kScaleSign = 0x400;
    column.precision = static_cast<std::int32_t>(((modifier - kModifierOffset) >> 16) & 0xFFFF);
    column.scale = static_cast<std::int32_t>((modifier - kModifierOffset) & kScaleBits);
    // Negative scales round before the point.
    if ((column.scale & kScaleSign) != 0) column.stored = Stored::other;
  }
  const bool is_time = column.stored == Stored::timestamp || column.stored == Stored::timestamptz;
  if (is_time && modifier < kMicrosecondDigits) column.stored = Stored::other;
}

std::vector<std::string> names_of(const TableName& table) {
  return {table.schema, table.table};
}

pg::Outcome<RealTable> read_postgres(pg::Connection& connection, const TableName& table, base::SteadyTime deadline) {
  const std::vector<std::string> names = names_of(table);
  auto columns = connection.run_one(kPostgresColumns, names, deadline);
  if (!columns) return std::unexpected(std::move(columns.error()));
  RealTable real;
  real.exists = columns->rows() > 0;
  for (int row = 0; row < columns->rows(); ++row) {
    RealColumn column;
    column.name = columns->text(row, 0);
    column.type_text = columns->text(row, 1);
    column.stored = stored_of(columns->text(row, 2));
    apply_modifier(column, columns->integer(row, 3));
    column.not_null = is_true(columns->text(row, 4));
    column.has_default = is_true(columns->text(row, 5));
    column.writable = is_true(columns->text(row, 6));
    real.is_table = is_true(columns->text(row, 7));
    real.columns.push_back(std::move(column));
  }
  auto keys = connection.run_one(kPostgresKeys, names, deadline);
  if (!keys) return std::unexpected(std::move(keys.error()));
  for (int row = 0; row < keys->rows(); ++row) {
    UniqueKey key;
    key.name = keys->text(row, 0);
    key.primary = is_true(keys->text(row, 1));
    key.constraint = is_true(keys->text(row, 2));
    key.partial = is_true(keys->text(row, 3));
    std::string_view list = keys->text(row, 4);
    for (std::size_t at = 0; !list.empty() && at != std::string_view::npos;) {
      const std::size_t end = list.find('\x1f', at);
      key.columns.emplace_back(list.substr(at, end - at));
      at = end == std::string_view::npos ? end : end + 1;
    }
    real.keys.push_back(std::move(key));
  }
  return real;
}

std::string redshift_type_text(const RealColumn& column, std::string_view name) {
  std::string text(name);
  if (column.stored == Stored::text) text += '(' + std::to_string(column.width) + ')';
  if (column.stored == Stored::numeric) {
    text += '(' + std::to_string(column.precision) + ',' + std::to_string(column.scale) + ')';
  }
  return text;
}

// Keys say nothing: Redshift enforces none.
pg::Outcome<RealTable> read_redshift(pg::Connection& connection, const TableName& table, base::SteadyTime deadline) {
  const std::vector<std::string> names = names_of(table);
  auto columns = connection.run_one(kRedshiftColumns, names, deadline);
  if (!columns) return std::unexpected(std::move(columns.error()));
  RealTable real;
  real.exists = columns->rows() > 0;
  for (int row = 0; row < columns->rows(); ++row) {
    RealColumn column;
    column.name = columns->text(row, 0);
    column.stored = stored_of(columns->text(row, 1));
    column.width = static_cast<std::int32_t>(columns->integer(row, 2));
    column.precision = static_cast<std::int32_t>(columns->integer(row, 3));
    column.scale = static_cast<std::int32_t>(columns->integer(row, 4));
    column.type_text = redshift_type_text(column, columns->text(row, 1));
    column.not_null = columns->text(row, 5) == "NO";
    column.has_default = !columns->is_null(row, 6) && !columns->text(row, 6).empty();
    real.columns.push_back(std::move(column));
  }
  auto kind = connection.run_one(kRedshiftTable, names, deadline);
  if (!kind) return std::unexpected(std::move(kind.error()));
  real.is_table = kind->rows() == 0 || kind->text(0, 0).find("VIEW") == std::string_view::npos;
  return real;
}

}  // namespace

pg::Outcome<TableName> locate(pg::Connection& connection, Dialect dialect, const TableName& table,
                              base::SteadyTime deadline) {
  TableName located = table;
  // Redshift folds names to small letters unless it is told not to (developer guide, "Names and identifiers").
  if (dialect == Dialect::redshift) {
    located = {lower_name(table.schema), lower_name(table.table)};
  }
  if (!located.schema.empty()) return located;
  const std::string sql = dialect == Dialect::redshift
                              ? "SELECT current_schema(), $1::varchar"
                              : "SELECT coalesce((SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = "
                                "c.relnamespace WHERE c.oid = to_regclass($1)), current_schema())";
  const std::vector<std::string> names{quote_identifier(located.table)};
  auto found = connection.run_one(sql, names, deadline);
  if (!found) return std::unexpected(std::move(found.error()));
  if (found->rows() == 0 || found->is_null(0, 0)) {
    pg::Failure failure;
    failure.error = {ErrorKind::unavailable, "the user has no schema to find or make tables in", table.quoted(),
                     "Name the schema in the table's name (schema.table), or set the user's search_path"};
    return std::unexpected(std::move(failure));
  }
  located.schema = found->text(0, 0);
  return located;
}

pg::Outcome<RealTable> read_table(pg::Connection& connection, Dialect dialect, const TableName& table,
                                  base::SteadyTime deadline) {
  return dialect == Dialect::postgres ? read_postgres(connection, table, deadline)
                                      : read_redshift(connection, table, deadline);
}

// Rows of the catalog are never changed in place but for counts: xmin tells each change (manual, section 5.5).
std::string fingerprint_sql(const TableName& table) {
  std::string name = quote_identifier(table.schema) + '.' + quote_identifier(table.table);
  std::string literal = "'";
  for (const char c : name) literal += c == '\'' ? "''" : std::string(1, c);
  return "SELECT concat_ws(' ', c.oid, (SELECT concat_ws('/', count(*), sum(a.xmin::text::bigint)) FROM pg_attribute a "
         "WHERE a.attrelid = c.oid), (SELECT concat_ws('/', count(*), sum(i.xmin::text::bigint)) FROM pg_index i "
         "WHERE i.indrelid = c.oid)) FROM pg_class c WHERE c.oid = to_regclass(" +
         literal + "')";
}

pg::Outcome<bool> table_exists(pg::Connection& connection, Dialect dialect, const TableName& table,
                               base::SteadyTime deadline) {
  const char* sql = dialect == Dialect::redshift
                        ? kRedshiftTable
                        : "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                          "WHERE n.nspname = $1 AND c.relname = $2";
  auto found = connection.run_one(sql, names_of(table), deadline);
  if (!found) return std::unexpected(std::move(found.error()));
  return found->rows() > 0;
}

}  // namespace twinshift::warehouse
