#include "warehouse/drivers/postgres/text_row.hpp"

#include "base/time_text.hpp"

namespace twinshift::warehouse {

TextRows::TextRows(std::vector<WriteColumn> columns, event::TableShape shape)
    : columns_(std::move(columns)), shape_(std::move(shape)), used_(columns_.size()) {}

void TextRows::clear() {
  text_.clear();
  begins_.clear();
  rows_ = 0;
}

void TextRows::add_text(std::string_view text) {
  begins_.push_back(text_.size());
  text_ += text;
  text_ += '\0';
}

void TextRows::add_own(const WriteColumn& column, const event::Event& event) {
  if (column.name == "event_id") return add_text(event.id.hex());
  if (column.name == "id_version") return add_text(std::to_string(event.id_version));
  if (column.name == "event_key") return add_text(std::to_string(event.key));
  if (column.name == "event_at") return add_text(base::sql_timestamp(event.event_at));
  if (column.name == "extra") return row_.extra.empty() ? add_null() : add_text(row_.extra);
  if (event.received_at == base::WallTime{}) return add_null();  // of a row that is copied and has none
  add_text(base::sql_timestamp(event.received_at));              // received_at, created_at, updated_at
}

void TextRows::add_cell(const WriteColumn& column, const event::Cell& cell) {
  if (cell.null) return add_null();
  switch (column.type) {
    case event::ColumnType::integer:
    case event::ColumnType::bigint:
      return add_text(std::to_string(cell.number));
    case event::ColumnType::boolean:
      return add_text(cell.number != 0 ? "true" : "false");
    default:
      return add_text(cell.text);
  }
}

std::size_t TextRows::add(const event::EventPtr& event, std::uint32_t position) {
  event::encode(event, shape_, row_);
  displaced_ += row_.displaced;
  add_text(std::to_string(position));
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const WriteColumn& column = columns_[i];
    if (column.catalogue_index < 0) {
      add_own(column, *event);
    } else {
      add_cell(column, row_.cells[static_cast<std::size_t>(column.catalogue_index)]);
    }
    if (begins_.back() != kNull) used_[i] = true;
  }
  ++rows_;
  return row_.parts;
}

void TextRows::add_part(const event::Event& event, std::uint32_t position, std::size_t part, std::size_t parts,
                        std::string_view body) {
  add_text(std::to_string(position));
  add_text(event.id.hex());
  add_text(std::to_string(part));
  add_text(std::to_string(parts));
  add_text(body);
  ++rows_;
}

std::span<const pg::Parameter> TextRows::parameters() {
  parameters_.clear();
  const std::size_t width = columns_.empty() ? begins_.size() : columns_.size() + 1;
  for (std::size_t i = 0; i < begins_.size(); ++i) {
    const std::size_t place = i % width;  // the position is at 0
    if (!columns_.empty() && place > 0 && !used_[place - 1]) continue;
    parameters_.push_back({begins_[i] == kNull ? nullptr : text_.data() + begins_[i], 0});
  }
  return parameters_;
}

}  // namespace twinshift::warehouse
