#include "event/row.hpp"

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
  return {widths[index], index < shape.scales.size() ? shape.scales[index] : catalogue()[index].scale};
}

void append_name(std::string& out, std::string_view name) {
  out += out.size() == 1 ? "\"" : ",\"";
  out += name;
  out += "\":";
}

base::Result<EventPtr> read_extra(std::string_view extra) {
  if (extra.empty()) extra = "{}";
  base::Result<EventPtr> decoded = decode_event(std::string(extra), {}, {});
  if (decoded) return decoded;
  return base::fail(base::ErrorKind::corrupt, "the column extra does not hold a JSON object", "event row",
                    "compare this row with the other target and repair it");
}

// Appends all members of `extra` and says which columns they stand for.
std::vector<bool> append_extra(std::string& out, const Event& extra) {
  std::vector<bool> told(catalogue().size());
  for (const Field& field : extra.fields) {
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
    }
  }
  extra.finish();
}

base::Result<std::string> decode(std::span<const Cell> cells, std::string_view extra) {
  const std::span<const Column> columns = catalogue();
  if (cells.size() != columns.size()) {
    return base::fail(base::ErrorKind::invalid, "a row must have one cell for each column of the catalogue",
                      "event row");
  }
  const base::Result<EventPtr> rest = read_extra(extra);
  if (!rest) return base::fail(rest.error());
  for (const Field& field : (*rest)->fields) {
    if (field.key == kWholeEvent && field.kind == ValueKind::text) return std::string(field.text);
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
