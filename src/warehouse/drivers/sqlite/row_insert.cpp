#include "warehouse/drivers/sqlite/row_insert.hpp"

#include <string_view>
#include <utility>

#include "base/time_text.hpp"

namespace twinshift::warehouse {
namespace {

bool is_number(event::ColumnType type) {
  return sqlite_type(type) == "INTEGER";
}

void write_hex(const event::EventId& id, std::array<char, 32>& out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    out[2 * i] = kDigits[id.bytes[i] >> 4];
    out[2 * i + 1] = kDigits[id.bytes[i] & 15U];
  }
}

}  // namespace

base::Result<RowInsert> RowInsert::prepare(sqlite::Database& database, const std::string& table,
                                           event::TableShape shape, bool unique) {
  const std::vector<InsertColumn> columns = insert_columns(shape);
  auto statement = database.prepare(insert_sql(table, columns, unique));
  if (!statement) return base::fail(std::move(statement.error()));
  return RowInsert(std::move(*statement), std::move(shape), columns);
}

RowInsert::RowInsert(sqlite::Statement statement, event::TableShape shape, const std::vector<InsertColumn>& columns)
    : statement_(std::move(statement)), shape_(std::move(shape)) {
  int parameter = 0;
  for (const InsertColumn& column : columns) {
    ++parameter;
    if (column.catalogue_index < 0) {
      place(column.name, parameter);
      continue;
    }
    const auto cell = static_cast<std::size_t>(column.catalogue_index);
    places_.push_back({cell, parameter, is_number(event::catalogue()[cell].type), false});
  }
}

void RowInsert::place(std::string_view name, int parameter) {
  if (name == "event_id") own_.event_id = parameter;
  if (name == "id_version") own_.id_version = parameter;
  if (name == "event_key") own_.event_key = parameter;
  if (name == "event_at") own_.event_at = parameter;
  if (name == "received_at") own_.arrival[0] = parameter;
  if (name == "created_at") own_.arrival[1] = parameter;
  if (name == "updated_at") own_.arrival[2] = parameter;
  if (name == "extra") own_.extra = parameter;
}

void RowInsert::bind_own(const event::Event& event) {
  write_hex(event.id, id_);
  event_at_ = base::sql_timestamp(event.event_at);
  received_at_ = base::sql_timestamp(event.received_at);
  statement_.bind_text(own_.event_id, {id_.data(), id_.size()});
  statement_.bind(own_.id_version, event.id_version);
  statement_.bind(own_.event_key, event.key);
  statement_.bind_text(own_.event_at, event_at_);
  for (const int parameter : own_.arrival) {
    if (event.received_at == base::WallTime{}) {  // of a row that is copied and has none
      statement_.bind_null(parameter);
    } else {
      statement_.bind_text(parameter, received_at_);
    }
  }
  if (row_.extra.empty()) {
    statement_.bind_null(own_.extra);
  } else {
    statement_.bind_text(own_.extra, row_.extra);
  }
}

void RowInsert::bind_cells() {
  for (Place& place : places_) {
    const event::Cell& cell = row_.cells[place.cell];
    if (cell.null) {
      if (place.set) statement_.bind_null(place.parameter);
    } else if (place.number) {
      statement_.bind(place.parameter, cell.number);
    } else {
      statement_.bind_text(place.parameter, cell.text);
    }
    place.set = !cell.null;
  }
}

base::Result<Outcome> RowInsert::insert(sqlite::Database& database, const event::EventPtr& event) {
  event::encode(event, shape_, row_);
  bind_own(*event);
  bind_cells();
  if (auto done = statement_.run(); !done) return base::fail(std::move(done.error()));
  return database.changes() > 0 ? Outcome::written : Outcome::duplicate;
}

}  // namespace twinshift::warehouse
