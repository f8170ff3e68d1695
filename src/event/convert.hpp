// One JSON value into one cell and back: the normal forms that all drivers share.
#pragma once

#include <string>

#include "event/row.hpp"
#include "event/row_arena.hpp"

namespace twinshift::event {

// What a table's own column can hold: bytes of text, digits of a decimal.
struct Room {
  std::int32_t width;
  std::int32_t scale;
  bool json_exact = true;  // TableShape::json_exact
};

// Fills `cell` with the best typed value for `column` in that room, null where there is none. True where
// append_value() of that cell alone gives back a value canonically equal to the field's. `clean`: the event holds no
// NUL and no lone surrogate (Event::plain), so texts need no look.
bool convert(const Field& field, const Column& column, Room room, bool clean, RowArena& arena, Cell& cell);

// The value of `column` that stands for a missing one in a table that takes no NULL there.
Cell filler(const Column& column);

// Appends the JSON value of a cell that is not null. Takes also what is not quite in normal form: a decimal with
// trailing zeros, a time with two digits of fraction.
void append_value(std::string& out, const Column& column, const Cell& cell);

}  // namespace twinshift::event
