#include "books/books_file.hpp"

#include <optional>
#include <utility>

#include "base/failpoint.hpp"
#include "sqlite/file_stamp.hpp"

namespace twinshift::books {
namespace {

using std::chrono::hours;

const sqlite::FileStamp kStamp{.application_id = 0x5453626B, .version = 1, .what = "books"};
constexpr std::chrono::milliseconds kBusyTimeout{2000};
// Hours older than this before the newest markers that are removed are forgotten.
constexpr std::chrono::days kKept{90};
constexpr const char* kForgetPlan = "DELETE FROM dropping WHERE record = ?";

std::int64_t number_of(Hour hour) {
  return std::chrono::floor<hours>(hour.time_since_epoch()).count();
}

base::Status create(sqlite::Database& database, base::WallTime now, const std::string& instance) {
  auto transaction = sqlite::Transaction::begin(database);
  if (!transaction) return base::fail(std::move(transaction.error()));
  auto made = database.execute(
      "CREATE TABLE books_state(only_row INTEGER PRIMARY KEY CHECK (only_row = 1), since INTEGER NOT NULL, instance "
      "TEXT NOT NULL) STRICT;"
      "CREATE TABLE received(hour INTEGER PRIMARY KEY, events INTEGER NOT NULL) STRICT;"
      "CREATE TABLE dropped(target TEXT NOT NULL, hour INTEGER NOT NULL, events INTEGER NOT NULL,"
      " PRIMARY KEY (target, hour)) STRICT, WITHOUT ROWID;"
      "CREATE TABLE dropping(record INTEGER NOT NULL, hour INTEGER NOT NULL, target TEXT NOT NULL, events INTEGER NOT "
      "NULL,"
      " PRIMARY KEY (record, hour)) STRICT, WITHOUT ROWID;"
      "CREATE TABLE archive(target TEXT NOT NULL, hour INTEGER NOT NULL, landed INTEGER NOT NULL, duplicate INTEGER "
      "NOT "
      "NULL, PRIMARY KEY (target, hour)) STRICT, WITHOUT ROWID;"
      "CREATE TABLE archive_state(target TEXT PRIMARY KEY, cutoff INTEGER NOT NULL) STRICT, WITHOUT ROWID;" +
      sqlite::stamp_sql(kStamp));
  if (!made) return made;
  auto state = database.prepare("INSERT INTO books_state VALUES (1, ?, ?)", false);
  if (!state) return base::fail(std::move(state.error()));
  state->bind(1, number_of(now));
  state->bind_text(2, instance);
  if (auto done = state->run(); !done) return done;
  base::failpoint(base::Failpoint::books_create_before_commit);
  if (auto committed = transaction->commit(); !committed) return committed;
  base::failpoint(base::Failpoint::books_create_after_commit);
  return {};
}

}  // namespace

base::Result<std::unique_ptr<BooksFile>> BooksFile::open(const std::string& path, base::WallTime now,
                                                         const std::string& instance) {
  auto database = sqlite::Database::open(path, sqlite::OpenMode::create);
  if (!database) return base::fail(std::move(database.error()));
  database->set_busy_timeout(kBusyTimeout);
  auto empty = sqlite::check_stamp(*database, kStamp);
  if (!empty) return base::fail(std::move(empty.error()));
  if (auto wal = database->use_durable_wal(); !wal) return base::fail(std::move(wal.error()));
  if (*empty) {
    if (auto made = create(*database, now, instance); !made) return base::fail(std::move(made.error()));
  }
  auto since = database->integer("SELECT since FROM books_state");
  if (!since) return base::fail(std::move(since.error()));
  auto name = database->text("SELECT instance FROM books_state");
  if (!name) return base::fail(std::move(name.error()));
  return std::unique_ptr<BooksFile>(new BooksFile(std::move(*database), Hour(hours(*since)), std::move(*name)));
}

base::Result<std::map<Hour, std::uint64_t>> BooksFile::read_counts(std::string_view sql, const std::string& target) {
  const std::lock_guard lock(mutex_);
  auto statement = database_.prepare(sql, false);
  if (!statement) return base::fail(std::move(statement.error()));
  if (!target.empty()) statement->bind_text(1, target);
  std::map<Hour, std::uint64_t> counts;
  for (;;) {
    auto row = statement->step();
    if (!row) return base::fail(std::move(row.error()));
    if (!*row) return counts;
    counts[Hour(hours(statement->integer(0)))] = static_cast<std::uint64_t>(statement->integer(1));
  }
}

base::Result<std::map<Hour, std::uint64_t>> BooksFile::received() {
  return read_counts("SELECT hour, events FROM received", {});
}

base::Result<std::map<Hour, std::uint64_t>> BooksFile::dropped(const std::string& target) {
  return read_counts("SELECT hour, events FROM dropped WHERE target = ?", target);
}

base::Status BooksFile::save_received(const std::map<Hour, std::uint64_t>& received) {
  const std::lock_guard lock(mutex_);
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return base::fail(std::move(transaction.error()));
  auto put = database_.prepare("INSERT OR REPLACE INTO received(hour, events) VALUES (?, ?)", false);
  if (!put) return base::fail(std::move(put.error()));
  for (const auto& [hour, events] : received) {
    put->bind(1, number_of(hour));
    put->bind(2, static_cast<std::int64_t>(events));
    if (auto done = put->run(); !done) return done;
  }
  return transaction->commit();
}

base::Status BooksFile::plan_drops(const std::vector<PlannedDrop>& drops) {
  const std::lock_guard lock(mutex_);
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return base::fail(std::move(transaction.error()));
  auto forget = database_.prepare(kForgetPlan, false);
  if (!forget) return base::fail(std::move(forget.error()));
  auto plan = database_.prepare("INSERT INTO dropping(record, hour, target, events) VALUES (?, ?, ?, ?)", false);
  if (!plan) return base::fail(std::move(plan.error()));
  for (const PlannedDrop& drop : drops) {
    forget->bind(1, drop.record);
    if (auto done = forget->run(); !done) return done;
    for (const auto& [hour, events] : drop.messages) {
      plan->bind(1, drop.record);
      plan->bind(2, number_of(hour));
      plan->bind_text(3, drop.target);
      plan->bind(4, static_cast<std::int64_t>(events));
      if (auto done = plan->run(); !done) return done;
    }
  }
  return transaction->commit();
}

base::Result<std::vector<std::int64_t>> BooksFile::planned_drops() {
  const std::lock_guard lock(mutex_);
  auto statement = database_.prepare("SELECT DISTINCT record FROM dropping", false);
  if (!statement) return base::fail(std::move(statement.error()));
  std::vector<std::int64_t> records;
  for (;;) {
    auto row = statement->step();
    if (!row) return base::fail(std::move(row.error()));
    if (!*row) return records;
    records.push_back(statement->integer(0));
  }
}

base::Status BooksFile::settle_drop(std::int64_t record, bool gone) {
  const std::lock_guard lock(mutex_);
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return base::fail(std::move(transaction.error()));
  if (gone) {
    // A plan that was settled already has no rows, and counts no more.
    auto add = database_.prepare(
        "INSERT INTO dropped(target, hour, events) SELECT target, hour, events FROM dropping WHERE record = ? "
        "ON CONFLICT(target, hour) DO UPDATE SET events = events + excluded.events",
        false);
    if (!add) return base::fail(std::move(add.error()));
    add->bind(1, record);
    if (auto done = add->run(); !done) return done;
  }
  auto forget = database_.prepare(kForgetPlan, false);
  if (!forget) return base::fail(std::move(forget.error()));
  forget->bind(1, record);
  if (auto done = forget->run(); !done) return done;
  return transaction->commit();
}

base::Result<BooksFile::Archive> BooksFile::archive(const std::string& target) {
  const std::lock_guard lock(mutex_);
  Archive archive;
  auto cutoff = database_.prepare("SELECT cutoff FROM archive_state WHERE target = ?", false);
  if (!cutoff) return base::fail(std::move(cutoff.error()));
  cutoff->bind_text(1, target);
  auto found = cutoff->step();
  if (!found) return base::fail(std::move(found.error()));
  if (*found) archive.cutoff = base::WallTime(std::chrono::microseconds(cutoff->integer(0)));
  auto rows = database_.prepare("SELECT hour, landed, duplicate FROM archive WHERE target = ?", false);
  if (!rows) return base::fail(std::move(rows.error()));
  rows->bind_text(1, target);
  for (;;) {
    auto row = rows->step();
    if (!row) return base::fail(std::move(row.error()));
    if (!*row) return archive;
    Counts& counts = archive.hours[Hour(hours(rows->integer(0)))];
    counts.landed = static_cast<std::uint64_t>(rows->integer(1));
    counts.duplicate = static_cast<std::uint64_t>(rows->integer(2));
  }
}

base::Status BooksFile::add_to_archive(const std::string& target, base::WallTime cutoff,
                                       const std::map<Hour, Counts>& added) {
  const std::lock_guard lock(mutex_);
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return base::fail(std::move(transaction.error()));
  auto add = database_.prepare(
      "INSERT INTO archive(target, hour, landed, duplicate) VALUES (?, ?, ?, ?) ON CONFLICT(target, hour) DO UPDATE "
      "SET "
      "landed = landed + excluded.landed, duplicate = duplicate + excluded.duplicate",
      false);
  if (!add) return base::fail(std::move(add.error()));
  for (const auto& [hour, counts] : added) {
    add->bind_text(1, target);
    add->bind(2, number_of(hour));
    add->bind(3, static_cast<std::int64_t>(counts.landed));
    add->bind(4, static_cast<std::int64_t>(counts.duplicate));
    if (auto done = add->run(); !done) return done;
  }
  // No longer judged (keeper.cpp, kJudged).
  for (const char* table : {"archive", "dropped", "received"}) {
    const std::string old =
        std::string("DELETE FROM ") + table + " WHERE hour < " + std::to_string(number_of(cutoff - kKept));
    if (auto done = database_.execute(old); !done) return done;
  }
  auto state = database_.prepare("INSERT OR REPLACE INTO archive_state(target, cutoff) VALUES (?, ?)", false);
  if (!state) return base::fail(std::move(state.error()));
  state->bind_text(1, target);
  state->bind(2, cutoff.time_since_epoch().count());
  if (auto done = state->run(); !done) return done;
  base::failpoint(base::Failpoint::books_archive_before_commit);
  if (auto committed = transaction->commit(); !committed) return committed;
  base::failpoint(base::Failpoint::books_archive_after_commit);
  return {};
}

}  // namespace twinshift::books
