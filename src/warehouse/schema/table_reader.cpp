#include "warehouse/schema/table_reader.hpp"

#include <array>

#include <fmt/format.h>

#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/write_text.hpp"

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
    "WHERE n.nspname = {} AND c.relname = {} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

constexpr const char* kPostgresKeys =
    "SELECT i.relname, x.indisprimary, con.oid IS NOT NULL, x.indpred IS NOT NULL OR x.indexprs IS NOT NULL, "
    "(SELECT string_agg(a.attname, chr(31) ORDER BY k.place) FROM unnest(x.indkey::int2[]) WITH ORDINALITY "
    "k(number, place) JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.number "
    "WHERE k.place <= x.indnkeyatts) "
    "FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid "
    "JOIN pg_namespace n ON n.oid = c.relnamespace "
    "LEFT JOIN pg_constraint con ON con.conindid = x.indexrelid AND con.contype IN ('p', 'u') "
    "WHERE n.nspname = {} AND c.relname = {} AND x.indisunique AND x.indisvalid ORDER BY i.relname";

// Redshift (developer guide, SVV_COLUMNS and SVV_TABLES).
constexpr const char* kRedshiftColumns =
    "SELECT column_name, data_type, character_maximum_length, numeric_precision, numeric_scale, is_nullable, "
    "column_default FROM svv_columns WHERE table_schema = {} AND table_name = {} ORDER BY ordinal_position";
constexpr const char* kRedshiftTable = "SELECT table_type FROM svv_tables WHERE table_schema = {} AND table_name = {}";
constexpr const char* kRedshiftTables =
    "SELECT table_name FROM svv_tables WHERE table_schema = {} AND table_name IN ({})";
constexpr const char* kPostgresTables =
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = {} AND c.relname "
    "IN ({})";

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

// `sql` with the names of schema and table in its two places.
std::string about(Dialect dialect, const char* sql, const TableName& table) {
  return fmt::format(fmt::runtime(sql), literal(dialect, table.schema), literal(dialect, table.table));
}

SqlOutcome<std::vector<SqlResult>> ask(SqlAccess& access, Dialect dialect, std::array<const char*, 2> questions,
                                       const TableName& table, base::SteadyTime deadline) {
  const std::array<std::string, 2> statements = {about(dialect, questions[0], table),
                                                 about(dialect, questions[1], table)};
  return access.run(statements, deadline);
}

SqlOutcome<RealTable> read_postgres(SqlAccess& access, const TableName& table, base::SteadyTime deadline) {
  auto results = ask(access, Dialect::postgres, {kPostgresColumns, kPostgresKeys}, table, deadline);
  if (!results) return std::unexpected(std::move(results.error()));
  const SqlResult& columns = results->at(0);
  const SqlResult& keys = results->at(1);
  RealTable real;
  real.exists = columns.rows() > 0;
  for (std::size_t row = 0; row < columns.rows(); ++row) {
    RealColumn column;
    column.name = columns.text(row, 0);
    column.type_text = columns.text(row, 1);
    column.stored = stored_of(columns.text(row, 2));
    apply_modifier(column, columns.integer(row, 3));
    column.not_null = columns.is_true(row, 4);
    column.has_default = columns.is_true(row, 5);
    column.writable = columns.is_true(row, 6);
    real.is_table = columns.is_true(row, 7);
    real.columns.push_back(std::move(column));
  }
  for (std::size_t row = 0; row < keys.rows(); ++row) {
    UniqueKey key;
    key.name = keys.text(row, 0);
    key.primary = keys.is_true(row, 1);
    key.constraint = keys.is_true(row, 2);
    key.partial = keys.is_true(row, 3);
    std::string_view list = keys.text(row, 4);
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
SqlOutcome<RealTable> read_redshift(SqlAccess& access, const TableName& table, base::SteadyTime deadline) {
  auto results = ask(access, Dialect::redshift, {kRedshiftColumns, kRedshiftTable}, table, deadline);
  if (!results) return std::unexpected(std::move(results.error()));
  const SqlResult& columns = results->at(0);
  const SqlResult& kind = results->at(1);
  RealTable real;
  real.exists = columns.rows() > 0;
  for (std::size_t row = 0; row < columns.rows(); ++row) {
    RealColumn column;
    column.name = columns.text(row, 0);
    column.stored = stored_of(columns.text(row, 1));
    column.width = static_cast<std::int32_t>(columns.integer(row, 2));
    column.precision = static_cast<std::int32_t>(columns.integer(row, 3));
    column.scale = static_cast<std::int32_t>(columns.integer(row, 4));
    column.type_text = redshift_type_text(column, columns.text(row, 1));
    column.not_null = columns.text(row, 5) == "NO";
    column.has_default = !columns.is_null(row, 6) && !columns.text(row, 6).empty();
    real.columns.push_back(std::move(column));
  }
  real.is_table = kind.rows() == 0 || kind.text(0, 0).find("VIEW") == std::string_view::npos;
  return real;
}

}  // namespace

// Redshift folds names to small letters unless it is told not to (developer guide, "Names and identifiers").
TableName name_for(Dialect dialect, const TableName& table) {
  if (dialect != Dialect::redshift) return table;
  return {lower_name(table.schema), lower_name(table.table)};
}

SqlOutcome<TableName> locate(SqlAccess& access, Dialect dialect, const TableName& table, base::SteadyTime deadline) {
  TableName located = name_for(dialect, table);
  if (!located.schema.empty()) return located;
  const std::string sql = dialect == Dialect::redshift
                              ? std::string("SELECT current_schema()")
                              : "SELECT coalesce((SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = "
                                "c.relnamespace WHERE c.oid = to_regclass(" +
                                    literal(dialect, quote_identifier(located.table)) + ")), current_schema())";
  auto found = access.run_one(sql, deadline);
  if (!found) return std::unexpected(std::move(found.error()));
  if (found->rows() == 0 || found->is_null(0, 0)) {
    SqlFailure failure;
    failure.error = {ErrorKind::unavailable, "the user has no schema to find or make tables in", table.quoted(),
                     "Name the schema in the table's name (schema.table), or set the user's search_path"};
    return std::unexpected(std::move(failure));
  }
  located.schema = found->text(0, 0);
  return located;
}

SqlOutcome<RealTable> read_table(SqlAccess& access, Dialect dialect, const TableName& table,
                                 base::SteadyTime deadline) {
  return dialect == Dialect::postgres ? read_postgres(access, table, deadline) : read_redshift(access, table, deadline);
}

// Rows of the catalog are never changed in place but for counts: xmin tells each change (manual, section 5.5).
std::string fingerprint_sql(const TableName& table) {
  return "SELECT concat_ws(' ', c.oid, (SELECT concat_ws('/', count(*), sum(a.xmin::text::bigint)) FROM pg_attribute a "
         "WHERE a.attrelid = c.oid), (SELECT concat_ws('/', count(*), sum(i.xmin::text::bigint)) FROM pg_index i "
         "WHERE i.indrelid = c.oid)) FROM pg_class c WHERE c.oid = to_regclass(" +
         literal(Dialect::postgres, table.quoted()) + ")";
}

SqlOutcome<std::vector<std::string>> read_siblings(SqlAccess& access, Dialect dialect, const TableName& table,
                                                   base::SteadyTime deadline) {
  std::string names;
  for (const Sibling& each : siblings_of(dialect, table)) {
    names += (names.empty() ? "" : ", ") + literal(dialect, each.name);
  }
  auto found =
      access.run_one(fmt::format(fmt::runtime(dialect == Dialect::redshift ? kRedshiftTables : kPostgresTables),
                                 literal(dialect, table.schema), names),
                     deadline);
  if (!found) return std::unexpected(std::move(found.error()));
  std::vector<std::string> there;
  for (std::size_t row = 0; row < found->rows(); ++row) there.emplace_back(found->text(row, 0));
  return there;
}

}  // namespace twinshift::warehouse
