#include "warehouse/table_columns.hpp"

namespace twinshift::warehouse {

std::vector<event::Column> table_columns() {
  std::vector<event::Column> columns;
  const auto is_extra = [](const event::Column& column) { return column.name == "extra"; };
  for (const event::Column& column : event::own_columns()) {
    if (!is_extra(column)) columns.push_back(column);
  }
  columns.insert(columns.end(), event::catalogue().begin(), event::catalogue().end());
  for (const event::Column& column : event::own_columns()) {
    if (is_extra(column)) columns.push_back(column);
  }
  return columns;
}

}  // namespace twinshift::warehouse
