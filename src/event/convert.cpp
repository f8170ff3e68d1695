#include "event/convert.hpp"

#include <charconv>
#include <limits>
#include <optional>

#include "base/json_text.hpp"
#include "base/time_text.hpp"
#include "event/decimal.hpp"
#include "event/json_check.hpp"
#include "event/text_repair.hpp"
#include "event/time_parse.hpp"

namespace twinshift::event {
namespace {

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::size_t bytes_of(std::int32_t width) {
  return width > 0 ? static_cast<std::size_t>(width) : 0;
}

void set_text(Cell& cell, std::string_view text) {
  cell.null = false;
  cell.text = text;
}

void set_number(Cell& cell, std::int64_t number) {
  cell.null = false;
  cell.number = number;
}

// ---- text

bool convert_text(const Field& field, std::size_t width, bool clean, RowArena& arena, Cell& cell) {
  if (clean || is_storable(field.text)) {
    const std::string_view kept = cut_to_bytes(field.text, width);
    set_text(cell, kept);
    return field.kind == ValueKind::text && kept.size() == field.text.size();
  }
  set_text(cell, arena.keep(cut_to_bytes(make_storable(field.text), width)));
  return false;
}

// ---- numbers

// The number that a JSON number or text spells; nothing for true, {}, "N/A", "1,234.5", "".
std::optional<Number> number_of(const Field& field) {
  if (field.kind != ValueKind::number && field.kind != ValueKind::text) return std::nullopt;
  return Number::parse(trim(field.text));
}

bool convert_decimal(const Field& field, const Column& column, Room room, RowArena& arena, Cell& cell) {
  const std::optional<Number> number = number_of(field);
  if (!number) return false;
  DecimalText text;
  const DecimalFit fit = fit_decimal(*number, room.width, room.scale, text);
  if (fit == DecimalFit::none) return false;
  const bool same = text.view() == field.text;
  set_text(cell, same ? field.text : arena.keep(text.view()));
  if (column.spelling == Spelling::quoted) return same && field.kind == ValueKind::text;
  return fit == DecimalFit::exact && field.kind == ValueKind::number;
}

bool convert_integer(const Field& field, const Column& column, Cell& cell) {
  const std::optional<Number> number = number_of(field);
  if (!number) return false;
  DecimalText text;
  const DecimalFit fit = fit_decimal(*number, std::numeric_limits<std::int64_t>::digits10 + 1, 0, text);
  if (fit == DecimalFit::none) return false;
  std::int64_t value = 0;
  const char* end = text.bytes.data() + text.size;
  if (std::from_chars(text.bytes.data(), end, value).ec != std::errc{}) return false;
  using Narrow = std::numeric_limits<std::int32_t>;
  if (column.type == ColumnType::integer && (value < Narrow::min() || value > Narrow::max())) return false;
  set_number(cell, value);
  if (column.spelling == Spelling::quoted) return field.kind == ValueKind::text && text.view() == field.text;
  return fit == DecimalFit::exact && field.kind == ValueKind::number;
}

// ---- booleans

bool is_word(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c) != lower[i]) return false;
  }
  return true;
}

std::optional<bool> boolean_of(const Field& field) {
  if (field.kind == ValueKind::object || field.kind == ValueKind::array) return std::nullopt;
  const std::string_view text = trim(field.text);
  if (is_word(text, "true") || is_word(text, "yes") || text == "1") return true;
  if (is_word(text, "false") || is_word(text, "no") || text == "0") return false;
  return std::nullopt;
}

bool convert_boolean(const Field& field, const Column& column, Cell& cell) {
  const std::optional<bool> value = boolean_of(field);
  if (!value) return false;
  set_number(cell, *value ? 1 : 0);
  if (column.spelling == Spelling::bare) return field.kind == ValueKind::boolean;
  return field.kind == ValueKind::text && field.text == (*value ? "true" : "false");
}

// ---- times

// Some reports give a date alone: that day's first moment.
std::optional<ParsedTime> time_of(const Field& field) {
  if (field.kind != ValueKind::text && field.kind != ValueKind::number) return std::nullopt;
  const std::string_view text = trim(field.text);
  if (text.size() != 10 || text[4] != '-') return parse_timestamp(text);
  constexpr std::string_view kMidnight = " 00:00:00";
  std::array<char, 10 + kMidnight.size()> whole;
  text.copy(whole.data(), text.size());
  kMidnight.copy(whole.data() + text.size(), kMidnight.size());
  return parse_timestamp({whole.data(), whole.size()});
}

// How many bytes at the start of `text` spell its digits as base::sql_timestamp() would; 0 where it would spell them
// otherwise. The length tells, as a parsed text can have no other characters in these places.
std::size_t normal_length(std::string_view text, const ParsedTime& time) {
  const std::int64_t micro = time.local.time_since_epoch().count();
  if (text.size() < 19 || text[10] != ' ') return 0;
  if (time.fraction_digits == 0) return 19;
  if (time.fraction_digits == 3) return micro % 1'000'000 != 0 ? 23 : 0;
  return time.fraction_digits == 6 && micro % 1000 != 0 ? 26 : 0;
}

// Year 0 is a time to us, but to no SQL database.
bool is_storable_time(base::WallTime time) {
  using namespace std::chrono;
  constexpr auto kFirst = sys_days{year{1} / January / 1};
  constexpr auto kEnd = sys_days{year{10000} / January / 1};
  return time >= kFirst && time < kEnd;
}

bool convert_time(const Field& field, const Column& column, RowArena& arena, Cell& cell) {
  const std::optional<ParsedTime> parsed = time_of(field);
  if (!parsed) return false;
  const base::WallTime time = column.spelling == Spelling::local ? parsed->local : parsed->utc;
  if (!is_storable_time(time)) return false;
  set_number(cell, time.time_since_epoch().count());
  const std::size_t normal = time == parsed->local ? normal_length(field.text, *parsed) : 0;
  cell.text = normal > 0 ? field.text.substr(0, normal) : arena.keep(base::sql_timestamp(time));
  return normal == field.text.size();  // then it is a text: a JSON number has no blank in it
}

// ---- JSON

// `json` is valid JSON text; null where it is too long: a part of it would not be JSON.
bool set_json(Cell& cell, std::string_view json, std::size_t width) {
  if (json.size() > width) return false;
  set_text(cell, json);
  return true;
}

// A JSON text that holds an object or array encoded once more. What it decodes to, empty where it is not so.
std::string unwrap(std::string_view json) {
  std::string wrapped = "{\"v\":";
  wrapped.append(json).append("}");
  const base::Result<EventPtr> decoded = decode_event(std::move(wrapped), {}, {});
  if (!decoded || (*decoded)->fields.size() != 1 || !(*decoded)->plain) return {};
  const std::string_view inner = (*decoded)->fields.front().text;
  const JsonCheck check = check_json(inner);
  return check.storable && (check.first == '{' || check.first == '[') ? std::string(inner) : std::string();
}

bool convert_json_text(std::string_view text, bool clean, std::size_t width, RowArena& arena, Cell& cell) {
  if (trim(text).empty()) return false;
  const bool storable = clean || is_storable(text);
  const JsonCheck check = storable ? check_json(text) : JsonCheck{};
  if (!check.storable) {
    std::string quoted;
    base::append_json_string(quoted, storable ? std::string(text) : make_storable(text));
    set_json(cell, quoted.size() <= width ? arena.keep(quoted) : quoted, width);
    return false;
  }
  if (check.first == '"') {
    if (const std::string inner = unwrap(text); !inner.empty() && inner.size() <= width) {
      set_text(cell, arena.keep(inner));
      return false;
    }
  }
  return set_json(cell, text, width);
}

bool convert_json(const Field& field, bool clean, Room room, RowArena& arena, Cell& cell) {
  const std::size_t width = bytes_of(room.width);
  bool same = false;
  if (field.kind == ValueKind::text) {
    same = convert_json_text(field.text, clean, width, arena, cell);
  } else if (check_json(field.raw).storable) {
    set_json(cell, field.raw, width);
  }
  if (room.json_exact) return same;
  if (!cell.null && !check_json(cell.text).narrow) cell = Cell{};
  return false;
}

void append_number_text(std::string& out, const Column& column, std::string_view text) {
  DecimalText normal;
  const std::optional<Number> number = Number::parse(trim(text));
  constexpr int kScaleMax = 22;  // leaves 38 digits before the point, so whatever a database holds fits
  if (number && fit_decimal(*number, DecimalText::kPrecisionMax, kScaleMax, normal) == DecimalFit::exact) {
    text = normal.view();
  }
  if (column.spelling == Spelling::quoted || !number) {
    base::append_json_string(out, text);
  } else {
    out += text;
  }
}

void append_time(std::string& out, const Cell& cell) {
  const std::optional<ParsedTime> parsed = parse_timestamp(cell.text);
  out += '"';
  out += base::sql_timestamp(parsed ? parsed->local : base::WallTime(std::chrono::microseconds(cell.number)));
  out += '"';
}

void append_bare(std::string& out, const Column& column, std::string_view value) {
  if (column.spelling == Spelling::quoted) out += '"';
  out += value;
  if (column.spelling == Spelling::quoted) out += '"';
}

}  // namespace

bool convert(const Field& field, const Column& column, Room room, bool clean, RowArena& arena, Cell& cell) {
  cell = Cell{};
  if (field.kind == ValueKind::null) return false;  // a missing field is a null cell too
  switch (column.type) {
    case ColumnType::text:
      return convert_text(field, bytes_of(room.width), clean, arena, cell);
    case ColumnType::integer:
    case ColumnType::bigint:
      return convert_integer(field, column, cell);
    case ColumnType::boolean:
      return convert_boolean(field, column, cell);
    case ColumnType::decimal:
      return convert_decimal(field, column, room, arena, cell);
    case ColumnType::timestamp:
    case ColumnType::timestamptz:
      return convert_time(field, column, arena, cell);
    case ColumnType::json:
      return convert_json(field, clean, room, arena, cell);
  }
  return false;
}

Cell filler(const Column& column) {
  Cell cell;
  cell.null = false;
  cell.text = "";
  if (column.type == ColumnType::decimal) cell.text = "0";
  if (column.type == ColumnType::json) cell.text = "null";
  if (column.type == ColumnType::timestamp || column.type == ColumnType::timestamptz) cell.text = "1970-01-01 00:00:00";
  return cell;
}

void append_value(std::string& out, const Column& column, const Cell& cell) {
  switch (column.type) {
    case ColumnType::integer:
    case ColumnType::bigint:
      return append_bare(out, column, std::to_string(cell.number));
    case ColumnType::boolean:
      return append_bare(out, column, cell.number != 0 ? "true" : "false");
    case ColumnType::decimal:
      return append_number_text(out, column, cell.text);
    case ColumnType::timestamp:
    case ColumnType::timestamptz:
      return append_time(out, cell);
    case ColumnType::text:
    case ColumnType::json:
      return base::append_json_string(out, cell.text);
  }
}

}  // namespace twinshift::event
