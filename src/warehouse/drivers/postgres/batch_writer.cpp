#include "warehouse/drivers/postgres/batch_writer.hpp"

#include <utility>

#include "pg/sqlstate.hpp"
#include "warehouse/schema/duplicate_text.hpp"
#include "warehouse/schema/erased_text.hpp"
#include "warehouse/schema/write_text.hpp"

namespace twinshift::warehouse {

using base::ErrorKind;

pg::Outcome<void> commit_step(pg::Connection& connection, const std::string& sql, base::SteadyTime deadline) {
  auto done = connection.run(sql, deadline);
  if (done) return {};
  pg::Failure failure = std::move(done.error());
  if (failure.lost) failure.error.kind = ErrorKind::unknown_outcome;
  // Nothing here is about a row any more.
  if (failure.error.kind == ErrorKind::rejected) failure.error.kind = ErrorKind::unavailable;
  return std::unexpected(std::move(failure));
}

pg::Failure lost_answer() {
  pg::Failure failure;
  failure.error = {ErrorKind::unknown_outcome, "the commit's answer was lost", "connection", {}};
  failure.lost = true;
  return failure;
}

pg::Failure changed_table(const TableName& table) {
  pg::Failure failure;
  failure.error = {ErrorKind::conflict, "the table was changed while we wrote to it", "table " + table.quoted(),
                   "It is read anew and the batch comes again; `twinshift schema --diff` shows what differs"};
  failure.lost = true;
  return failure;
}

pg::Outcome<std::uint64_t> prune_step(pg::Connection& connection, const std::string& sql, const TableName& table,
                                      base::SteadyTime deadline) {
  auto done = connection.run(sql, deadline);
  if (!done) {
    pg::Failure failure = std::move(done.error());
    if (failure.sqlstate == kNoRight) failure.error.hint = prune_grant(table);
    return std::unexpected(std::move(failure));
  }
  std::uint64_t removed = 0;
  for (const pg::Result& result : *done) removed += result.affected();
  return removed;
}

namespace {

// Redshift's parts follow the rows.
std::uint64_t removed_rows(const std::vector<pg::Result>& results, Dialect dialect, std::size_t behind) {
  const std::size_t place = behind + (dialect == Dialect::redshift ? 2 : 1);
  return results.size() < place ? 0 : results[results.size() - place].affected();
}

}  // namespace

pg::Outcome<std::uint64_t> remove_step(pg::Connection& connection, const std::string& sql, Dialect dialect,
                                       const TableName& table, base::SteadyTime deadline) {
  auto done = connection.run(sql, deadline);
  if (!done) {
    pg::Failure failure = std::move(done.error());
    if (failure.sqlstate == kNoRight) {
      failure.error.kind = ErrorKind::conflict;
      failure.error.hint = remove_grant(dialect, table);
    }
    return std::unexpected(std::move(failure));
  }
  return removed_rows(*done, dialect, 0);
}

pg::Outcome<Written> remove_alone_step(pg::Connection& connection, const Batch& batch,
                                       const std::function<pg::Outcome<std::uint64_t>()>& remove,
                                       base::SteadyTime deadline) {
  if (batch.remove.empty()) return Written{};
  const auto removed = remove();
  if (!removed) return std::unexpected(removed.error());
  if (auto done = commit_step(connection, "COMMIT", deadline); !done) return std::unexpected(std::move(done.error()));
  return Written{.outcomes = {}, .removed = *removed};
}

pg::Outcome<std::uint64_t> erase_step(pg::Connection& connection, const std::string& lock, Dialect dialect,
                                      const Layout& layout, std::span<const EventPlace> places, base::WallTime now,
                                      base::SteadyTime deadline) {
  std::string sql = "BEGIN; " + lock;
  for (const std::string& each : erase_sql(dialect, layout.table, layout.fit.columns, places, now)) sql += "; " + each;
  auto done = connection.run(sql + "; COMMIT", deadline);
  if (done) return removed_rows(*done, dialect, 1);
  pg::Failure failure = std::move(done.error());
  if (failure.sqlstate == kNoRight) {
    failure.error.kind = ErrorKind::conflict;
    failure.error.hint = erase_grant(dialect, layout.table);
  }
  if (failure.sqlstate == pg::kLockNotAvailable) {
    failure.error.kind = ErrorKind::throttled;
    failure.error.hint = "Another transaction writes to the table for long: run the command again when it has ended";
  }
  return std::unexpected(std::move(failure));
}

pg::Outcome<std::uint64_t> mark_step(pg::Connection& connection, const std::string& lock, const std::string& insert,
                                     base::SteadyTime deadline) {
  auto done = connection.run("BEGIN; " + lock + "; " + insert + "; COMMIT", deadline);
  if (!done) return std::unexpected(std::move(done.error()));
  return done->size() < 2 ? 0 : (*done)[done->size() - 2].affected();
}

std::optional<Marker> read_marker(const std::vector<pg::Result>& results, std::string_view batch_id) {
  for (const pg::Result& result : results) {
    constexpr int kColumns = 4;
    if (result.columns() != kColumns || result.rows() != 1 || result.integer(0, 0) == 0) continue;
    return Marker{.batch_id = std::string(batch_id),
                  .sent = static_cast<std::uint64_t>(result.integer(0, 1)),
                  .inserted = static_cast<std::uint64_t>(result.integer(0, 2)),
                  .duplicate = static_cast<std::uint64_t>(result.integer(0, 3))};
  }
  return std::nullopt;
}

}  // namespace twinshift::warehouse
