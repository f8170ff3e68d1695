#include "warehouse/drivers/postgres/copy_encoder.hpp"

#include <algorithm>
#include <array>

namespace twinshift::warehouse {
namespace {

// PGCOPY, newline, 0xFF, carriage return, newline, NUL; no flags; no header extension.
constexpr std::string_view kHeader{"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19};
constexpr std::string_view kTrailer{"\377\377", 2};
// PostgreSQL counts microseconds from here (manual, "Date/Time Types").
constexpr base::WallTime kEpoch{std::chrono::sys_days{std::chrono::year{2000} / std::chrono::January / 1}};

template <class T>
void append_big_endian(std::string& out, T value) {
  std::array<char, sizeof(T)> bytes;
  auto rest = static_cast<std::make_unsigned_t<T>>(value);
  for (std::size_t i = sizeof(T); i-- > 0;) {
    bytes[i] = static_cast<char>(rest & 0xFFU);
    if constexpr (sizeof(T) > 1) rest = static_cast<std::make_unsigned_t<T>>(rest >> 8U);
  }
  out.append(bytes.data(), bytes.size());
}

void append_null(std::string& out) {
  out.append("\377\377\377\377", 4);
}

void append_text(std::string& out, std::string_view text) {
  append_big_endian(out, static_cast<std::int32_t>(text.size()));
  out += text;
}

void append_jsonb(std::string& out, std::string_view text) {
  append_big_endian(out, static_cast<std::int32_t>(text.size() + 1));
  out += '\1';  // the form's version
  out += text;
}

void append_time(std::string& out, base::WallTime time) {
  append_big_endian(out, std::int32_t{8});
  append_big_endian(out, static_cast<std::int64_t>((time - kEpoch).count()));
}

void append_integer(std::string& out, Stored stored, std::int64_t number) {
  if (stored == Stored::boolean) {
    append_big_endian(out, std::int32_t{1});
    out += number != 0 ? '\1' : '\0';
  } else if (stored == Stored::int8) {
    append_big_endian(out, std::int32_t{8});
    append_big_endian(out, number);
  } else {
    append_big_endian(out, std::int32_t{4});
    append_big_endian(out, static_cast<std::int32_t>(number));
  }
}

void append_cell(std::string& out, const WriteColumn& column, const event::Cell& cell) {
  if (cell.null) return append_null(out);
  switch (column.stored) {
    case Stored::jsonb:
      return append_jsonb(out, cell.text);
    case Stored::numeric:
      return append_numeric(out, cell.text);
    case Stored::timestamp:
    case Stored::timestamptz:
      return append_time(out, base::WallTime(std::chrono::microseconds(cell.number)));
    case Stored::boolean:
    case Stored::int4:
    case Stored::int8:
      return append_integer(out, column.stored, cell.number);
    default:
      return append_text(out, cell.text);
  }
}

void append_json(std::string& out, Stored stored, std::string_view text) {
  if (text.empty()) return append_null(out);
  if (stored == Stored::jsonb) return append_jsonb(out, text);
  append_text(out, text);
}

}  // namespace

// Groups of four digits, counted from the point; `weight` is the first group's power of 10,000.
void append_numeric(std::string& out, std::string_view decimal) {
  const bool negative = decimal.starts_with('-');
  if (negative) decimal.remove_prefix(1);
  const std::size_t point = std::min(decimal.find('.'), decimal.size());
  const std::string_view whole = decimal.substr(0, point);
  const std::string_view fraction = point < decimal.size() ? decimal.substr(point + 1) : std::string_view();
  std::string digits((4 - whole.size() % 4) % 4, '0');
  digits += whole;
  std::int16_t weight = static_cast<std::int16_t>(static_cast<std::int16_t>(digits.size() / 4) - 1);
  digits += fraction;
  digits.append((4 - digits.size() % 4) % 4, '0');
  std::vector<std::int16_t> groups;
  for (std::size_t at = 0; at < digits.size(); at += 4) {
    std::int16_t group = 0;
    for (std::size_t i = at; i < at + 4; ++i) group = static_cast<std::int16_t>(group * 10 + (digits[i] - '0'));
    groups.push_back(group);
  }
  while (!groups.empty() && groups.back() == 0) groups.pop_back();
  while (!groups.empty() && groups.front() == 0) {
    groups.erase(groups.begin());
    --weight;
  }
  if (groups.empty()) weight = 0;
  constexpr std::int16_t kNegative = 0x4000;
  append_big_endian(out, static_cast<std::int32_t>(8 + 2 * groups.size()));
  append_big_endian(out, static_cast<std::int16_t>(groups.size()));
  append_big_endian(out, weight);
  append_big_endian(out, negative && !groups.empty() ? kNegative : std::int16_t{0});
  append_big_endian(out, static_cast<std::int16_t>(fraction.size()));
  for (const std::int16_t group : groups) append_big_endian(out, group);
}

CopyEncoder::CopyEncoder(std::vector<WriteColumn> columns, event::TableShape shape)
    : columns_(std::move(columns)), shape_(std::move(shape)) {}

void CopyEncoder::begin() {
  out_.assign(kHeader);
  displaced_ = 0;
}

void CopyEncoder::add_own(const WriteColumn& column, const event::Event& event) {
  if (column.name == "event_id") return append_text(out_, event.id.hex());
  if (column.name == "id_version") return append_integer(out_, column.stored, event.id_version);
  if (column.name == "event_key") return append_integer(out_, column.stored, event.key);
  if (column.name == "event_at") return append_time(out_, event.event_at);
  if (column.name == "extra") return append_json(out_, column.stored, row_.extra);
  if (event.received_at == base::WallTime{}) return append_null(out_);  // of a row that is copied and has none
  append_time(out_, event.received_at);                                 // received_at, created_at, updated_at
}

void CopyEncoder::add(const event::EventPtr& event, std::optional<std::uint32_t> position) {
  event::encode(event, shape_, row_);
  displaced_ += row_.displaced;
  append_big_endian(out_, static_cast<std::int16_t>(columns_.size() + (position ? 1 : 0)));
  if (position) append_integer(out_, Stored::int4, *position);
  for (const WriteColumn& column : columns_) {
    if (column.catalogue_index < 0) {
      add_own(column, *event);
    } else {
      append_cell(out_, column, row_.cells[static_cast<std::size_t>(column.catalogue_index)]);
    }
  }
}

void CopyEncoder::end() {
  out_ += kTrailer;
}

}  // namespace twinshift::warehouse
