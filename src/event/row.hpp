// The typed row: an event in the columns of one table. encode() and decode() are inverse for every table shape: what a
// column cannot hold exactly, or whose spelling it would change, also stands whole in `extra`.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "event/event.hpp"

namespace twinshift::event {

enum class ColumnType : std::uint8_t { text, integer, bigint, boolean, decimal, timestamp, timestamptz, json };

// How AppsFlyer usually spells a column's value in JSON; decode() gives back this spelling. Every other one stands in
// `extra`.
enum class Spelling : std::uint8_t {
  quoted,  // a JSON text
  bare,    // a JSON number, true or false
  local,   // a JSON text: a time in the app's own zone; the column keeps its digits and drops the offset
};

// One column of the catalogue (columns.def): the single source for every dialect's DDL and for encode.
struct Column {
  std::string_view name;
  ColumnType type;
  std::int32_t width;      // bytes for text and json; precision for decimal
  std::int32_t scale;      // decimal only
  std::string_view group;  // attribution, device, ...
  Spelling spelling;
};

// AppsFlyer's fields, in table order. Our own columns (own_columns below) are not among them.
std::span<const Column> catalogue();

// event_id, id_version, event_key, event_at, received_at, created_at, updated_at, extra. Never filled from a payload.
std::span<const Column> own_columns();

// Index into catalogue(), -1 where there is no such column.
int find_column(std::string_view name);

// What one real table can hold: for each catalogue column whether it is there, and its width. Default: everything, at
// the catalogue's widths (an empty `widths` means the same). A decimal's
// width is its precision.
struct TableShape {
  static constexpr std::int32_t kAbsent = -1;
  std::vector<std::int32_t> widths;  // by catalogue index, kAbsent where the table lacks the column
  std::vector<std::int32_t> scales;  // by catalogue index, looked at for decimals only; empty: the catalogue's
  static TableShape whole();
};

// A value in its column's normal form, the same for every driver: integer, bigint, boolean (0/1): `number`; decimal:
// canonical decimal text; timestamp: `number` = microseconds since 1970 UTC and `text` = "YYYY-MM-DD
// HH:MM:SS[.fff[fff]]"; text, json: `text`.
struct Cell {
  bool null = true;
  std::int64_t number = 0;
  std::string_view text;  // into the Row's storage or the Event, which must outlive the row
};

struct Row {
  EventPtr event;
  std::vector<Cell> cells;  // by catalogue index
  std::string extra;        // a JSON object, empty where nothing is to be kept (the column is then NULL)
  // Texts that are neither in the event nor in `extra`; encode() keeps the first block for the next event.
  std::vector<std::unique_ptr<char[]>> arena;
  std::size_t arena_used = 0;  // bytes of the last block
  std::size_t arena_size = 0;
};

// The member of `extra` that holds a whole event as received, where its fields alone cannot tell it. Names that begin
// with '$' are reserved: an event that has one is kept whole.
inline constexpr std::string_view kWholeEvent = "$event";

// Never fails: what does not fit goes to `extra`. Reuses `row`'s memory. Any thread, one at a time for a row.
void encode(const EventPtr& event, const TableShape& shape, Row& row);

// From a row as read back from a table (cells in normal form): a JSON object canonically equal to the event that was
// encoded. `corrupt` where `extra` is not a JSON object, `invalid` where the cells are not one for each column.
base::Result<std::string> decode(std::span<const Cell> cells, std::string_view extra);

}  // namespace twinshift::event
