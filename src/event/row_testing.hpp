// Shorthand for the tests of rows.
#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "event/row.hpp"

namespace twinshift::event {

inline EventPtr event_of(std::string json) {
  base::Result<EventPtr> event = decode_event(std::move(json), "m", {});
  EXPECT_TRUE(event);
  return event ? *event : nullptr;
}

inline EventPtr event_of(std::string_view name, std::string_view value) {
  return event_of("{\"" + std::string(name) + "\":" + std::string(value) + "}");
}

inline const Cell& cell_of(const Row& row, std::string_view name) {
  return row.cells.at(static_cast<std::size_t>(find_column(name)));
}

// A cell as text: "null", a number, or the text; a time's number must agree with its text, so it is not shown.
inline std::string shown(const Row& row, std::string_view name) {
  const Cell& cell = cell_of(row, name);
  if (cell.null) return "null";
  switch (catalogue()[static_cast<std::size_t>(find_column(name))].type) {
    case ColumnType::integer:
    case ColumnType::bigint:
    case ColumnType::boolean:
      return std::to_string(cell.number);
    default:
      return std::string(cell.text);
  }
}

// That row's event says the same as what was encoded.
inline void expect_inverse(const Row& row) {
  const base::Result<std::string> back = decode(row.cells, row.extra);
  ASSERT_TRUE(back);
  EXPECT_EQ(event_of(*back)->id.hex(), row.event->id.hex()) << row.event->json << "\n" << *back;
}

}  // namespace twinshift::event
