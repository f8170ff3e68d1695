#include "warehouse/schema/dialect.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace twinshift::warehouse {
namespace {

using event::ColumnType;

// jsonb can be indexed, and keeps what `extra` holds; event_value must keep its very text, which only json does.
std::string postgres_type(const event::Column& column) {
  switch (column.type) {
    case ColumnType::text:
      return column.name == "event_id" ? "TEXT COLLATE \"C\"" : "TEXT";
    case ColumnType::json:
      return column.name == "extra" ? "JSONB" : "JSON";
    case ColumnType::decimal:
      return fmt::format("NUMERIC({},{})", column.width, column.scale);
    case ColumnType::integer:
      return "INTEGER";
    case ColumnType::bigint:
      return "BIGINT";
    case ColumnType::boolean:
      return "BOOLEAN";
    case ColumnType::timestamp:
      return "TIMESTAMP";
    case ColumnType::timestamptz:
      return "TIMESTAMPTZ";
  }
  return "TEXT";
}

std::string redshift_type(const event::Column& column) {
  if (column.type == ColumnType::json) return "SUPER";
  if (column.type == ColumnType::text) {
    return fmt::format("VARCHAR({})", std::min(column.width, kRedshiftTextMax));
  }
  return postgres_type(column);
}

}  // namespace

std::string_view to_string(Dialect dialect) {
  return dialect == Dialect::postgres ? "postgres" : "redshift";
}

std::optional<Dialect> dialect_from(std::string_view name) {
  if (name == "postgres" || name == "postgresql") return Dialect::postgres;
  if (name == "redshift") return Dialect::redshift;
  return std::nullopt;
}

std::string_view product_of(Dialect dialect) {
  return dialect == Dialect::postgres ? "PostgreSQL" : "Redshift";
}

std::string type_of(Dialect dialect, const event::Column& column) {
  return dialect == Dialect::postgres ? postgres_type(column) : redshift_type(column);
}

}  // namespace twinshift::warehouse
