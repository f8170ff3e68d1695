#include "warehouse/schema_access.hpp"

#include <fmt/format.h>

namespace twinshift::warehouse {

std::string holds_of(const event::Column& column, std::int32_t width, std::int32_t scale) {
  if (width == event::TableShape::kAbsent) return "nothing";
  switch (column.type) {
    case event::ColumnType::text:
      return fmt::format("text, {} bytes", width);
    case event::ColumnType::json:
      return fmt::format("JSON, {} bytes", width);
    case event::ColumnType::integer:
      return "integer";
    case event::ColumnType::bigint:
      return "bigint";
    case event::ColumnType::boolean:
      return "boolean";
    case event::ColumnType::decimal:
      return fmt::format("decimal({},{})", width, scale);
    case event::ColumnType::timestamp:
    case event::ColumnType::timestamptz:
      return "timestamp";
  }
  return "nothing";
}

}  // namespace twinshift::warehouse
