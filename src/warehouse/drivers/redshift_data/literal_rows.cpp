#include "warehouse/drivers/redshift_data/literal_rows.hpp"

#include <fmt/format.h>

#include "base/time_text.hpp"
#include "warehouse/schema/write_text.hpp"

namespace twinshift::warehouse {

LiteralRows::LiteralRows(const std::vector<WriteColumn>& columns, const event::TableShape& shape)
    : columns_(columns), shape_(shape), used_(columns.size()) {}

// The session's time zone is not ours to set: the next statement on its connection may be somebody else's.
void LiteralRows::add_time(const WriteColumn& column, std::string_view text) {
  text_ += '\'';
  text_ += text;
  text_ += column.stored == Stored::timestamptz ? "+00'" : "'";
}

void LiteralRows::add_own(const WriteColumn& column, const event::Event& event) {
  const auto out = std::back_inserter(text_);
  if (column.name == "event_id") {
    fmt::format_to(out, "'{}'", event.id.hex());
  } else if (column.name == "id_version") {
    fmt::format_to(out, "{}", event.id_version);
  } else if (column.name == "event_key") {
    fmt::format_to(out, "{}", event.key);
  } else if (column.name == "event_at") {
    add_time(column, base::sql_timestamp(event.event_at));
  } else if (column.name == "extra") {
    if (!row_.extra.empty()) append_literal(text_, Dialect::redshift, row_.extra);
  } else if (event.received_at != base::WallTime{}) {          // a row that is copied may have none
    add_time(column, base::sql_timestamp(event.received_at));  // received_at, created_at, updated_at
  }
}

void LiteralRows::add_cell(const WriteColumn& column, const event::Cell& cell) {
  if (cell.null) return;
  switch (column.type) {
    case event::ColumnType::integer:
    case event::ColumnType::bigint:
      fmt::format_to(std::back_inserter(text_), "{}", cell.number);
      break;
    case event::ColumnType::boolean:
      text_ += cell.number != 0 ? "true" : "false";
      break;
    case event::ColumnType::timestamp:
    case event::ColumnType::timestamptz:
      add_time(column, cell.text);
      break;
    default:
      append_literal(text_, Dialect::redshift, cell.text);
  }
}

std::size_t LiteralRows::add(const event::EventPtr& event) {
  event::encode(event, shape_, row_);
  displaced_.push_back(row_.displaced);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const WriteColumn& column = columns_[i];
    const std::size_t begin = text_.size();
    if (column.catalogue_index < 0) {
      add_own(column, *event);
    } else {
      add_cell(column, row_.cells[static_cast<std::size_t>(column.catalogue_index)]);
    }
    const std::size_t size = text_.size() - begin;
    cells_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(size)});
    if (size > 0) used_[i] = true;
  }
  return row_.parts;
}

std::string_view LiteralRows::cell(std::size_t row, std::size_t column) const {
  const Piece& piece = cells_[row * columns_.size() + column];
  return std::string_view(text_).substr(piece.begin, piece.size);
}

}  // namespace twinshift::warehouse
