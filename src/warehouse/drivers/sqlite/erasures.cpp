#include "warehouse/drivers/sqlite/erasures.hpp"

#include <utility>

#include "base/time_text.hpp"
#include "warehouse/drivers/sqlite/sqlite_dialect.hpp"

namespace twinshift::warehouse {

base::Result<Erasures> Erasures::prepare(sqlite::Database& database, const std::string& table) {
  auto any = database.prepare(any_erased_sql());
  if (!any) return base::fail(std::move(any.error()));
  auto one = database.prepare(is_erased_sql());
  if (!one) return base::fail(std::move(one.error()));
  auto duplicate = database.prepare(insert_erased_duplicate_sql());
  if (!duplicate) return base::fail(std::move(duplicate.error()));
  return Erasures(table, std::move(*any), std::move(*one), std::move(*duplicate));
}

base::Status Erasures::begin_batch() {
  auto row = any_erased_.step();
  if (!row) return base::fail(std::move(row.error()));
  any_ = *row && any_erased_.integer(0) != 0;
  any_erased_.reset();
  return {};
}

base::Result<bool> Erasures::holds(const event::EventId& id) {
  if (!any_) return false;
  const std::string hex = id.hex();
  is_erased_.bind_text(1, table_);
  is_erased_.bind_text(2, hex);
  auto row = is_erased_.step();
  is_erased_.reset();
  return row;
}

namespace {

base::Status note_ids(sqlite::Database& database, const std::string& table, std::span<const EventPlace> places,
                      const std::string& now) {
  auto note = database.prepare(note_erased_sql(), false);
  if (!note) return base::fail(std::move(note.error()));
  for (const EventPlace& place : places) {
    const std::string id = place.id.hex();
    const std::string event_at = base::sql_timestamp(place.event_at);
    note->bind_text(1, table);
    note->bind_text(2, id);
    note->bind_text(3, event_at);
    note->bind_text(4, now);
    if (auto done = note->run(); !done) return done;
  }
  return {};
}

}  // namespace

base::Result<std::uint64_t> erase_events(sqlite::Database& database, const std::string& table,
                                         std::span<const EventPlace> places, base::WallTime now) {
  const std::string when = base::sql_timestamp(now);
  if (auto noted = note_ids(database, table, places, when); !noted) return base::fail(std::move(noted.error()));
  auto rows = database.prepare(note_erased_rows_sql(table, places), false);
  if (!rows) return base::fail(std::move(rows.error()));
  rows->bind_text(1, table);
  rows->bind_text(2, when);
  if (auto done = rows->run(); !done) return base::fail(std::move(done.error()));
  if (auto done = database.execute(remove_rows_sql(table, places)); !done) return base::fail(std::move(done.error()));
  return static_cast<std::uint64_t>(database.changes());
}

}  // namespace twinshift::warehouse
