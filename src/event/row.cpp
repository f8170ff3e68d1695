#include "event/row.hpp"

#include <algorithm>
#include <vector>

#include "base/json_text.hpp"
#include "event/convert.hpp"
#include "event/extra.hpp"
#include "event/row_arena.hpp"

namespace twinshift::event {
namespace {

const TableShape& whole_shape() {
  static const TableShape shape = TableShape::whole();
  return shape;
}

Room room_of(const TableShape& shape, const std::vector<std::int32_t>& widths, std::size_t index) {
  return {widths[index], index < shape.scales.size() ? shape.scales[index] : catalogue()[index].scale,
          shape.json_exact};
}

// Of a value that `extra` keeps: is it only its spelling that the column changes?
bool fits(const Field& field, const Column& column, std::int32_t width, const Cell& cell) {
  if (field.kind == ValueKind::null) return true;
  const bool is_text = column.type == ColumnType::text || column.type == ColumnType::json;
  return is_text ? field.text.size() <= static_cast<std::size_t>(width) : !cell.null;
}

void append_name(std::string& out, std::string_view name) {
  out += out.size() == 1 ? "\"" : ",\"";
  out += name;
  out += "\":";
}

// Columns that take no NULL get a filler. Where the event has the field, `extra` holds it already.
void fill_not_null(const Event& event, const TableShape& shape, std::vector<Cell>& cells, ExtraWriter& extra) {
  for (std::size_t i = 0; i < shape.not_null.size() && i < cells.size(); ++i) {
    if (!shape.not_null[i] || !cells[i].null) continue;
    const Column& column = catalogue()[i];
    cells[i] = filler(column);
    const bool sent = std::ranges::any_of(event.fields, [&](const Field& each) { return each.key == column.name; });
    if (!sent) extra.note_absent(column.name);
  }
}

void move_to_parts(const Event& event, Row& row) {
  row.parts = split_parts(event.json).size();
  row.extra = "{\"" + std::string(kParts) + "\":" + std::to_string(row.parts) + '}';
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

base::Result<EventPtr> read_extra(std::string_view extra) {
  if (extra.empty()) extra = "{}";
  base::Result<EventPtr> decoded = decode_event(std::string(extra), {}, {});
  if (decoded) return decoded;
  return base::fail(base::ErrorKind::corrupt, "the column extra does not hold a JSON object", "event row",
                    "compare this row with the other target and repair it");
}

// Marks the columns of a list like ["a","b"], which we wrote.
void mark_absent(std::string_view list, std::vector<bool>& told) {
  while (true) {
    const std::size_t begin = list.find('"');
    const std::size_t end = begin == std::string_view::npos ? begin : list.find('"', begin + 1);
    if (end == std::string_view::npos) return;
    if (const int index = find_column(list.substr(begin + 1, end - begin - 1)); index >= 0) {
      told[static_cast<std::size_t>(index)] = true;
    }
    list.remove_prefix(end + 1);
  }
}

// Appends all members of `extra` and says which columns they stand for.
std::vector<bool> append_extra(std::string& out, const Event& extra) {
  std::vector<bool> told(catalogue().size());
  for (const Field& field : extra.fields) {
    if (field.key == kAbsentColumns) {
      mark_absent(field.raw, told);
      continue;
    }
    if (out.size() > 1) out += ',';
    base::append_json_string(out, field.key);
    out += ':';
    out += field.raw;
    if (const int index = find_column(field.key); index >= 0) told[static_cast<std::size_t>(index)] = true;
  }
  return told;
}

}  // namespace

void encode(const EventPtr& event, const TableShape& shape, Row& row) {
  const std::span<const Column> columns = catalogue();
  const std::vector<std::int32_t>& widths = shape.widths.empty() ? whole_shape().widths : shape.widths;
  row.event = event;
  row.parts = 0;
  row.displaced = 0;
  row.cells.assign(columns.size(), Cell{});
  RowArena arena(row);
  ExtraWriter extra(*event, row.extra);
  for (const Field& field : event->fields) {
    const int found = find_column(field.key);
    const auto index = static_cast<std::size_t>(found);
    if (found < 0 || index >= widths.size() || widths[index] == TableShape::kAbsent) {
      extra.keep(field, false);
    } else if (!convert(field, columns[index], room_of(shape, widths, index), event->plain, arena, row.cells[index])) {
      extra.keep(field, true);
      if (!fits(field, columns[index], widths[index], row.cells[index])) ++row.displaced;
    }
  }
  if (!shape.not_null.empty()) fill_not_null(*event, shape, row.cells, extra);
  extra.finish();
  if (row.extra.size() > shape.extra_bytes_max) move_to_parts(*event, row);
}

std::vector<std::string_view> split_parts(std::string_view json) {
  std::vector<std::string_view> parts;
  while (!json.empty()) {
    std::size_t size = std::min(json.size(), kPartBytesMax);
    while (size < json.size() && size > 1 && is_continuation(json[size])) --size;
    parts.push_back(json.substr(0, size));
    json.remove_prefix(size);
  }
  return parts;
}

base::Result<std::string> decode(std::span<const Cell> cells, std::string_view extra, std::string_view parts) {
  const std::span<const Column> columns = catalogue();
  if (cells.size() != columns.size()) {
    return base::fail(base::ErrorKind::invalid, "a row must have one cell for each column of the catalogue",
                      "event row");
  }
  const base::Result<EventPtr> rest = read_extra(extra);
  if (!rest) return base::fail(rest.error());
  for (const Field& field : (*rest)->fields) {
    if (field.key == kWholeEvent && field.kind == ValueKind::text) return std::string(field.text);
    if (field.key != kParts) continue;
    if (!parts.empty()) return std::string(parts);
    return base::fail(base::ErrorKind::corrupt, "the row's parts are missing", "event row",
                      "repair it from the other target");
  }
  std::string out = "{";
  const std::vector<bool> told = append_extra(out, **rest);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (cells[i].null || told[i]) continue;
    append_name(out, columns[i].name);
    append_value(out, columns[i], cells[i]);
  }
  out += '}';
  return out;
}

}  // namespace twinshift::event
