// The typed row: an event in the columns of one table. encode() and decode() are inverse for every table shape: what a
// column cannot hold exactly, or whose spelling it would change, also stands whole in `extra`.
#pragma once

#include <cstdint>
#include <limits>
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
  // Columns that take no NULL, by catalogue index; empty: all do. A missing value becomes '', 0, false, JSON null or
  // 1970-01-01, and `extra` notes that it was missing.
  std::vector<bool> not_null;
  // Does a JSON column keep the very text it is given? False for types that keep the value only (jsonb, SUPER): the
  // text then stands in `extra`, too, and a number that a double would change stands there alone.
  bool json_exact = true;
  // Bytes of `extra` that the table takes. A longer one is replaced by a note, and the whole event goes to a table of
  // parts (Row::parts).
  std::size_t extra_bytes_max = std::numeric_limits<std::size_t>::max();
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
  // Not 0: `extra` is only a note, and the event's own text must be stored in so many parts beside the row.
  std::size_t parts = 0;
  // Values that do not fit into their column: cut there, or NULL, and whole in `extra`.
  std::size_t displaced = 0;
  // Texts that are neither in the event nor in `extra`; encode() keeps the first block for the next event.
  std::vector<std::unique_ptr<char[]>> arena;
  std::size_t arena_used = 0;  // bytes of the last block
  std::size_t arena_size = 0;
};

// The member of `extra` that holds a whole event as received, where its fields alone cannot tell it. Names that begin
// with '$' are reserved: an event that has one is kept whole.
inline constexpr std::string_view kWholeEvent = "$event";
// How many parts the event's text was stored in.
inline constexpr std::string_view kParts = "$parts";
// Columns whose value was missing though they take no NULL.
inline constexpr std::string_view kAbsentColumns = "$absent";

// Most bytes of one part.
inline constexpr std::size_t kPartBytesMax = 48U << 10U;
// The event's text cut between characters; joined they are the text again.
std::vector<std::string_view> split_parts(std::string_view json);

// Never fails: what does not fit goes to `extra`. Reuses `row`'s memory. Any thread, one at a time for a row.
void encode(const EventPtr& event, const TableShape& shape, Row& row);

// From a row as read back from a table (cells in normal form): a JSON object canonically equal to the event that was
// encoded. `parts`: the row's parts joined, where `extra` says that there are some. `corrupt` where `extra` is not a
// JSON object or the parts are missing, `invalid` where the cells are not one for each column.
base::Result<std::string> decode(std::span<const Cell> cells, std::string_view extra, std::string_view parts = {});

}  // namespace twinshift::event
