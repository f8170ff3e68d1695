#include "warehouse/drivers/sqlite/sqlite_warehouse.hpp"

#include <optional>
#include <utility>

#include "base/assert.hpp"
#include "base/failpoint.hpp"
#include "base/log.hpp"
#include "base/time_text.hpp"
#include "sqlite/read_only.hpp"
#include "warehouse/damaged_file_hint.hpp"
#include "warehouse/drivers/sqlite/connection.hpp"
#include "warehouse/drivers/sqlite/rebuilt_hours.hpp"
#include "warehouse/drivers/sqlite/row_refusal.hpp"
#include "warehouse/drivers/sqlite/sqlite_dialect.hpp"
#include "warehouse/markers.hpp"
#include "warehouse/missing_file_hint.hpp"
#include "warehouse/owed.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;

class SqliteWarehouse final : public Warehouse {
 public:
  SqliteWarehouse(SqliteWarehouseOptions options, std::string table)
      : options_(std::move(options)), table_(std::move(table)), file_(options_.path) {}

  base::Status prepare() override { return open(true); }
  base::Status prepare_to_mend() override;
  base::Result<WriteReport> write(const Batch& batch) override;
  base::Result<std::optional<Marker>> find_marker(std::string_view batch_id) override;
  base::Result<Table> query(const std::string& sql, std::size_t rows_max) override;
  base::Status ping() override;
  base::Result<std::uint64_t> prune(base::WallTime before) override;
  base::Status publish(std::span<const OwedRow> rows) override;
  base::Result<std::uint64_t> erase(std::span<const EventPlace> places) override;
  base::Result<std::uint64_t> mark_rebuilt(std::span<const RebuiltHour> hours) override;
  [[nodiscard]] TableName event_table() const override { return {{}, table_}; }
  [[nodiscard]] std::string product() const override { return "SQLite"; }

 private:
  base::Status open(bool unique);
  [[nodiscard]] bool only_mends() const { return connection_ && !connection_->unique; }
  base::Result<WriteReport> write_connected(const Batch& batch);
  base::Result<std::uint64_t> remove_rows(std::span<const EventPlace> places);
  base::Status insert_rows(const Batch& batch, WriteReport& report);
  base::Status insert_markers(const Batch& batch);
  base::Result<Outcome> insert_row(const Batch& batch, std::size_t place, WriteReport& report);
  base::Status insert_duplicate(sqlite::Statement& statement, const Batch& batch, const event::Event& event);
  base::Result<std::uint64_t> erase_connected(std::span<const EventPlace> places);
  base::Status publish_connected(std::span<const OwedRow> rows);
  base::Result<std::uint64_t> prune_connected(base::WallTime before);
  base::Result<std::optional<Marker>> find_marker_connected(std::string_view batch_id);
  base::Error failed(base::Error error);
  void tell(const TableLayout& layout) const;

  SqliteWarehouseOptions options_;
  std::string table_;
  WatchedFile file_;
  std::optional<Connection> connection_;
  MarkerSums sums_;
};

// A refusal of something else than the row at hand.
base::Error not_about_a_row(base::Error error) {
  if (error.kind == ErrorKind::rejected) error.kind = ErrorKind::unavailable;
  return error;
}

// What our own tables refuse says nothing about an event.
base::Status about_bookkeeping(base::Status done) {
  return done ? done : base::Status(base::fail(not_about_a_row(std::move(done.error()))));
}

void SqliteWarehouse::tell(const TableLayout& layout) const {
  if (layout.created) {
    base::log::info("Created the table").add("target", options_.target).add("table", table_);
  } else if (!layout.added.empty()) {
    base::log::info("Added missing columns to the table")
        .add("target", options_.target)
        .add("table", table_)
        .add("columns", layout.added.size());
  }
  for (const std::string& column : layout.unused) {
    base::log::warn("A column's type would change values; its field goes to the column extra instead")
        .add("target", options_.target)
        .add("table", table_)
        .add("column", column);
  }
}

base::Status SqliteWarehouse::prepare_to_mend() {
  auto whole = open(true);
  return whole || whole.error().kind != ErrorKind::conflict ? whole : open(false);
}

base::Status SqliteWarehouse::open(bool unique) {
  if (connection_ && connection_->unique == unique && file_.is_the_opened_one()) return {};
  if (connection_) {
    if (!file_.is_the_opened_one()) connection_->leave_file();
    connection_.reset();
  }
  if (auto there = file_.check_before_open(); !there) {
    there.error().hint = missing_file_hint(options_.target);
    return there;
  }
  auto opened =
      Connection::open(options_.path, table_, file_.seen() ? sqlite::OpenMode::read_write : sqlite::OpenMode::create,
                       options_.busy_timeout, unique);
  if (!opened) return base::fail(failed(std::move(opened.error())));
  file_.remember();
  connection_.emplace(std::move(*opened));
  tell(connection_->layout);
  return {};
}

// Closes the connection unless the error says that it is sound; its kind becomes one that delivery expects.
base::Error SqliteWarehouse::failed(base::Error error) {
  if (error.kind == ErrorKind::conflict || error.kind == ErrorKind::full) return error;
  connection_.reset();
  if (error.kind == ErrorKind::corrupt) error.hint = damaged_file_hint(options_.target);
  // A damaged file, a dropped table: nothing about the rows, and a person may mend it while we run.
  if (error.kind != ErrorKind::unknown_outcome) error.kind = ErrorKind::unavailable;
  return error;
}

base::Result<WriteReport> SqliteWarehouse::write(const Batch& batch) {
  if (auto ready = open(!(only_mends() && is_mending(batch.id))); !ready) return base::fail(std::move(ready.error()));
  auto report = write_connected(batch);
  if (report || report.error().kind == ErrorKind::rejected) return report;  // rolled back, and the connection is sound
  return base::fail(failed(std::move(report.error())));
}

base::Result<WriteReport> SqliteWarehouse::write_connected(const Batch& batch) {
  WriteReport report;
  report.statement_id = batch.id;
  report.outcomes.reserve(batch.events.size());
  report.reasons.resize(batch.events.size());
  base::failpoint(base::Failpoint::warehouse_sqlite_before_begin);
  auto transaction = sqlite::Transaction::begin(connection_->database);
  if (!transaction) return base::fail(std::move(transaction.error()));
  if (!batch.remove.empty()) {
    auto removed = remove_rows(batch.remove);
    if (!removed) return base::fail(std::move(removed.error()));
    report.removed = *removed;
    base::failpoint(base::Failpoint::warehouse_sqlite_removed);
  }
  if (auto done = insert_rows(batch, report); !done) return base::fail(std::move(done.error()));
  base::failpoint(base::Failpoint::warehouse_sqlite_staged);
  if (auto done = insert_markers(batch); !done) return base::fail(std::move(done.error()));
  base::failpoint(base::Failpoint::warehouse_sqlite_before_commit);
  if (auto done = transaction->commit(); !done) {
    base::Error error = std::move(done.error());
    // A lock or a full disk is met before the commit stands in the log; after any other failure it may stand there.
    if (error.kind != ErrorKind::conflict && error.kind != ErrorKind::full) error.kind = ErrorKind::unknown_outcome;
    return base::fail(std::move(error));
  }
  if (base::failpoint_fails(base::Failpoint::warehouse_sqlite_after_commit)) {
    return base::fail(ErrorKind::unknown_outcome, "the commit's answer was lost", options_.path);
  }
  return report;
}

base::Result<std::uint64_t> SqliteWarehouse::remove_rows(std::span<const EventPlace> places) {
  TWINSHIFT_ASSERT(places.size() <= kRemovedMax);
  const std::string sql = remove_rows_sql(table_, places);
  if (auto done = connection_->database.execute(sql); !done) {
    return base::fail(not_about_a_row(std::move(done.error())));
  }
  return static_cast<std::uint64_t>(connection_->database.changes());
}

base::Status SqliteWarehouse::insert_rows(const Batch& batch, WriteReport& report) {
  sums_.clear();
  if (auto asked = connection_->erasures.begin_batch(); !asked) return asked;
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    auto erased = connection_->erasures.holds(batch.events[i]->id);
    if (!erased) return base::fail(std::move(erased.error()));
    auto outcome = *erased ? base::Result<Outcome>(Outcome::duplicate) : insert_row(batch, i, report);
    if (!outcome) return base::fail(std::move(outcome.error()));
    report.outcomes.push_back(*outcome);
    sums_.add(*batch.events[i], *outcome);
    if (*outcome != Outcome::duplicate) continue;
    sqlite::Statement& note = *erased ? connection_->erasures.insert_duplicate() : connection_->insert_duplicate;
    if (auto done = insert_duplicate(note, batch, *batch.events[i]); !done) return done;
  }
  return {};
}

base::Result<Outcome> SqliteWarehouse::insert_row(const Batch& batch, std::size_t place, WriteReport& report) {
  auto outcome = connection_->insert.insert(connection_->database, batch.events[place]);
  report.displaced += connection_->insert.displaced();
  if (outcome) return outcome;
  // After some errors SQLite ends the whole transaction; then it was not about this row.
  if (outcome.error().kind != ErrorKind::rejected || !connection_->database.in_transaction()) {
    return base::fail(not_about_a_row(std::move(outcome.error())));
  }
  report.reasons[place] = row_refusal(outcome.error());
  if (!batch.remove.empty()) return base::fail(refused_in_place(report.reasons[place], options_.path));
  return Outcome::rejected;
}

// The row that stands for the event is there, be it of this very batch; or it was erased.
base::Status SqliteWarehouse::insert_duplicate(sqlite::Statement& statement, const Batch& batch,
                                               const event::Event& event) {
  const std::string received_at = base::sql_timestamp(event.received_at);
  const std::string written_at = base::sql_timestamp(options_.clock->now());
  const std::string event_id = event.id.hex();
  statement.bind_text(1, table_);
  statement.bind_text(2, options_.instance);
  statement.bind_text(3, batch.id);
  statement.bind(4, event.key);
  statement.bind_text(5, received_at);
  statement.bind_text(6, written_at);
  statement.bind_text(7, event_id);
  return about_bookkeeping(statement.run());
}

base::Status SqliteWarehouse::insert_markers(const Batch& batch) {
  const std::string written_at = base::sql_timestamp(options_.clock->now());
  sqlite::Statement& statement = connection_->insert_marker;
  for (const MarkerRow& row : sums_.rows()) {
    const std::string window_at = base::sql_timestamp(row.window_at);
    const std::string arrival_at = base::sql_timestamp(row.arrival_at);
    statement.bind_text(1, table_);
    statement.bind_text(2, options_.instance);
    statement.bind_text(3, batch.id);
    statement.bind_text(4, window_at);
    statement.bind_text(5, arrival_at);
    statement.bind(6, row.sent);
    statement.bind(7, row.inserted);
    statement.bind(8, row.duplicate);
    statement.bind(9, row.key_low_sum);
    statement.bind(10, row.key_high_sum);
    statement.bind_text(11, written_at);
    if (auto done = about_bookkeeping(statement.run()); !done) return done;
  }
  return {};
}

base::Result<std::optional<Marker>> SqliteWarehouse::find_marker(std::string_view batch_id) {
  if (auto ready = open(!only_mends()); !ready) return base::fail(std::move(ready.error()));
  auto marker = find_marker_connected(batch_id);
  if (!marker) return base::fail(failed(std::move(marker.error())));
  return marker;
}

base::Result<std::optional<Marker>> SqliteWarehouse::find_marker_connected(std::string_view batch_id) {
  base::failpoint(base::Failpoint::warehouse_sqlite_find_marker);
  auto statement = connection_->database.prepare(find_marker_sql(), false);
  if (!statement) return base::fail(std::move(statement.error()));
  statement->bind_text(1, batch_id);
  statement->bind_text(2, table_);
  auto row = statement->step();
  if (!row) return base::fail(std::move(row.error()));
  if (!*row || statement->integer(0) == 0) return std::nullopt;
  return Marker{.batch_id = std::string(batch_id),
                .sent = static_cast<std::uint64_t>(statement->integer(1)),
                .inserted = static_cast<std::uint64_t>(statement->integer(2)),
                .duplicate = static_cast<std::uint64_t>(statement->integer(3))};
}

base::Result<Table> SqliteWarehouse::query(const std::string& sql, std::size_t rows_max) {
  auto result = sqlite::read_only_query(
      options_.path, sql,
      {.rows_max = rows_max, .time_max = options_.statement_timeout, .busy_timeout = options_.busy_timeout});
  if (!result && result.error().kind == ErrorKind::not_found) {
    return base::fail(ErrorKind::not_found, "the target's file is not there", options_.path,
                      missing_file_hint(options_.target));
  }
  if (!result) return base::fail(std::move(result.error()));
  return Table{std::move(result->columns), std::move(result->rows), result->cut};
}

base::Result<std::uint64_t> SqliteWarehouse::prune(base::WallTime before) {
  if (auto ready = prepare(); !ready) return base::fail(std::move(ready.error()));
  auto pruned = prune_connected(before);
  if (!pruned) return base::fail(failed(std::move(pruned.error())));
  return pruned;
}

base::Result<std::uint64_t> SqliteWarehouse::prune_connected(base::WallTime before) {
  sqlite::Database& database = connection_->database;
  const std::string old = base::sql_timestamp(before);
  const std::string abandoned = base::sql_timestamp(abandoned_before(before));
  std::uint64_t removed = 0;
  auto transaction = sqlite::Transaction::begin(database);
  if (!transaction) return base::fail(std::move(transaction.error()));
  for (const std::string& sql : {prune_loads_sql(), prune_duplicates_sql(), prune_owed_sql()}) {
    auto statement = database.prepare(sql, false);
    if (!statement) return base::fail(std::move(statement.error()));
    statement->bind_text(1, old);
    statement->bind_text(2, table_);
    statement->bind(3, static_cast<std::int64_t>(kPruneRowsMax));
    statement->bind_text(4, options_.instance);
    statement->bind_text(5, abandoned);
    if (auto done = statement->run(); !done) return base::fail(std::move(done.error()));
    removed += static_cast<std::uint64_t>(database.changes());
  }
  base::failpoint(base::Failpoint::warehouse_sqlite_prune_before_commit);
  if (auto done = transaction->commit(); !done) return base::fail(std::move(done.error()));
  base::failpoint(base::Failpoint::warehouse_sqlite_prune_after_commit);
  return removed;
}

base::Status SqliteWarehouse::publish(std::span<const OwedRow> rows) {
  if (auto ready = prepare(); !ready) return ready;
  if (auto done = publish_connected(rows); !done) return base::fail(failed(std::move(done.error())));
  return {};
}

base::Status SqliteWarehouse::publish_connected(std::span<const OwedRow> rows) {
  auto transaction = sqlite::Transaction::begin(connection_->database);
  if (!transaction) return base::fail(std::move(transaction.error()));
  auto statement = connection_->database.prepare(insert_owed_sql(), false);
  if (!statement) return base::fail(std::move(statement.error()));
  for (const OwedRow& row : rows) {
    const std::string arrival_at = base::sql_timestamp(row.arrival_at);
    const std::string as_of = base::sql_timestamp(row.as_of);
    statement->bind_text(1, table_);
    statement->bind_text(2, row.instance);
    statement->bind_text(3, row.target);
    statement->bind_text(4, arrival_at);
    statement->bind(5, static_cast<std::int64_t>(row.received));
    statement->bind(6, static_cast<std::int64_t>(row.owed));
    statement->bind(7, static_cast<std::int64_t>(row.quarantined));
    statement->bind(8, static_cast<std::int64_t>(row.waived));
    statement->bind_text(9, as_of);
    if (auto done = statement->run(); !done) return done;
  }
  base::failpoint(base::Failpoint::warehouse_sqlite_publish_before_commit);
  if (auto done = transaction->commit(); !done) return done;
  base::failpoint(base::Failpoint::warehouse_sqlite_publish_after_commit);
  return {};
}

base::Result<std::uint64_t> SqliteWarehouse::erase(std::span<const EventPlace> places) {
  TWINSHIFT_ASSERT(places.size() <= kRemovedMax);
  if (places.empty()) return std::uint64_t{0};
  if (auto ready = open(!only_mends()); !ready) return base::fail(std::move(ready.error()));
  auto erased = erase_connected(places);
  if (!erased) return base::fail(failed(std::move(erased.error())));
  return erased;
}

base::Result<std::uint64_t> SqliteWarehouse::erase_connected(std::span<const EventPlace> places) {
  sqlite::Database& database = connection_->database;
  // What is deleted is overwritten: what was a person's shall not stay in the file's free pages.
  if (auto set = database.execute("PRAGMA secure_delete=ON"); !set) return base::fail(std::move(set.error()));
  auto transaction = sqlite::Transaction::begin(database);
  if (!transaction) return base::fail(std::move(transaction.error()));
  auto erased = erase_events(database, table_, places, options_.clock->now());
  if (!erased) return erased;
  base::failpoint(base::Failpoint::warehouse_sqlite_erase_before_commit);
  if (auto done = transaction->commit(); !done) return base::fail(std::move(done.error()));
  base::failpoint(base::Failpoint::warehouse_sqlite_erase_after_commit);
  if (auto set = database.execute("PRAGMA secure_delete=OFF"); !set) return base::fail(std::move(set.error()));
  return erased;
}

base::Result<std::uint64_t> SqliteWarehouse::mark_rebuilt(std::span<const RebuiltHour> hours) {
  TWINSHIFT_ASSERT(hours.size() <= kRebuiltHoursMax);
  if (auto ready = prepare(); !ready) return base::fail(std::move(ready.error()));
  const MarkedBy by{table_, options_.instance, options_.clock->now()};
  auto added = insert_rebuilt_hours(connection_->database, by, hours);
  if (!added) return base::fail(failed(std::move(added.error())));
  return added;
}

base::Status SqliteWarehouse::ping() {
  if (auto ready = prepare(); !ready) return ready;
  auto answer = connection_->database.integer("SELECT count(*) FROM sqlite_schema");
  if (!answer) return base::fail(failed(std::move(answer.error())));
  return {};
}

}  // namespace

base::Result<std::unique_ptr<Warehouse>> open_sqlite_warehouse(SqliteWarehouseOptions options) {
  auto name = parse_table_name(options.table);
  if (!name) return base::fail(std::move(name.error()));
  if (!name->schema.empty()) {
    base::log::info("SQLite has no schemas: the table's name alone counts")
        .add("target", options.target)
        .add("table", name->table);
  }
  return std::make_unique<SqliteWarehouse>(std::move(options), std::move(name->table));
}

}  // namespace twinshift::warehouse
