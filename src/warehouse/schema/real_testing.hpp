// Real tables for the tests of this folder. One thread at a time.
#pragma once

#include <string>
#include <utility>

#include "warehouse/schema/real_table.hpp"
#include "warehouse/table_columns.hpp"

namespace twinshift::warehouse {

inline const TableName kTable{"s", "t"};

inline RealColumn real_text(std::string name, std::int32_t width) {
  RealColumn column;
  column.name = std::move(name);
  column.type_text = width == 0 ? "text" : "character varying(" + std::to_string(width) + ")";
  column.stored = Stored::text;
  column.width = width;
  return column;
}

inline RealColumn real_column(std::string name, Stored stored, std::string type_text) {
  RealColumn column;
  column.name = std::move(name);
  column.type_text = std::move(type_text);
  column.stored = stored;
  return column;
}

inline Stored stored_as(Dialect dialect, const event::Column& column) {
  switch (column.type) {
    case event::ColumnType::text:
      return Stored::text;
    case event::ColumnType::integer:
      return Stored::int4;
    case event::ColumnType::bigint:
      return Stored::int8;
    case event::ColumnType::boolean:
      return Stored::boolean;
    case event::ColumnType::decimal:
      return Stored::numeric;
    case event::ColumnType::timestamp:
      return Stored::timestamp;
    case event::ColumnType::timestamptz:
      return Stored::timestamptz;
    case event::ColumnType::json:
      if (dialect == Dialect::redshift) return Stored::super;
      return column.name == "extra" ? Stored::jsonb : Stored::json;
  }
  return Stored::other;
}

// As create_table_sql() makes it.
inline RealTable made_table(Dialect dialect) {
  RealTable real;
  real.exists = true;
  for (const event::Column& column : table_columns()) {
    RealColumn made = real_column(std::string(column.name), stored_as(dialect, column), type_of(dialect, column));
    if (dialect == Dialect::redshift && made.stored == Stored::text) made.width = column.width;
    if (made.stored == Stored::numeric) {
      made.precision = column.width;
      made.scale = column.scale;
    }
    made.not_null = column.name == "event_id" || column.name == "event_at";
    real.columns.push_back(std::move(made));
  }
  RealColumn loaded_at = real_column("loaded_at", Stored::timestamp, "timestamp");
  loaded_at.has_default = true;
  real.columns.push_back(std::move(loaded_at));
  if (dialect == Dialect::postgres) real.keys.push_back({.name = "t_event_id", .columns = {"event_id"}});
  return real;
}

inline RealColumn& at(RealTable& real, std::string_view name) {
  for (RealColumn& column : real.columns) {
    if (column.name == name) return column;
  }
  std::abort();
}

inline void drop(RealTable& real, std::string_view name) {
  std::erase_if(real.columns, [&](const RealColumn& column) { return column.name == name; });
}

inline std::size_t index_of(std::string_view name) {
  return static_cast<std::size_t>(event::find_column(name));
}

}  // namespace twinshift::warehouse
