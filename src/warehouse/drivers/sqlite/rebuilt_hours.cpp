#include "warehouse/drivers/sqlite/rebuilt_hours.hpp"

#include <utility>

#include "base/time_text.hpp"
#include "warehouse/drivers/sqlite/sqlite_dialect.hpp"

namespace twinshift::warehouse {

base::Result<std::uint64_t> insert_rebuilt_hours(sqlite::Database& database, const MarkedBy& by,
                                                 std::span<const RebuiltHour> hours) {
  auto transaction = sqlite::Transaction::begin(database);
  if (!transaction) return base::fail(std::move(transaction.error()));
  auto statement = database.prepare(insert_rebuilt_sql(), false);
  if (!statement) return base::fail(std::move(statement.error()));
  const std::string written_at = base::sql_timestamp(by.written_at);
  std::uint64_t added = 0;
  for (const RebuiltHour& hour : hours) {
    const std::string arrival_at = base::sql_timestamp(hour.arrival_at);
    statement->bind_text(1, by.table);
    statement->bind_text(2, by.instance);
    statement->bind_text(3, hour.id);
    statement->bind_text(4, arrival_at);
    statement->bind(5, static_cast<std::int64_t>(hour.events));
    statement->bind_text(6, written_at);
    if (auto done = statement->run(); !done) return base::fail(std::move(done.error()));
    added += static_cast<std::uint64_t>(database.changes());
  }
  if (auto done = transaction->commit(); !done) return base::fail(std::move(done.error()));
  return added;
}

}  // namespace twinshift::warehouse
