#include "books/books_file.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/failpoint.hpp"
#include "sqlite/stamped_file.hpp"

namespace twinshift::books {
namespace {

using std::chrono::hours;

constexpr std::array<const char*, 3> kSteps = {
    "CREATE TABLE books_state(only_row INTEGER PRIMARY KEY CHECK (only_row = 1), since INTEGER NOT NULL,"
    " instance TEXT NOT NULL) STRICT;"
    "CREATE TABLE received(hour INTEGER PRIMARY KEY, events INTEGER NOT NULL) STRICT;"
    "CREATE TABLE dropped(target TEXT NOT NULL, hour INTEGER NOT NULL, events INTEGER NOT NULL,"
    " PRIMARY KEY (target, hour)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE dropping(record INTEGER NOT NULL, hour INTEGER NOT NULL, target TEXT NOT NULL,"
    " events INTEGER NOT NULL, PRIMARY KEY (record, hour)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE archive(target TEXT NOT NULL, hour INTEGER NOT NULL, landed INTEGER NOT NULL,"
    " duplicate INTEGER NOT NULL, PRIMARY KEY (target, hour)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE archive_state(target TEXT PRIMARY KEY, cutoff INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
    "ALTER TABLE books_state ADD COLUMN judged_from INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE signed_off(id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, hour INTEGER NOT NULL,"
    " events INTEGER NOT NULL, reason TEXT NOT NULL, signed_at INTEGER NOT NULL) STRICT;",
    "CREATE TABLE counted(target TEXT PRIMARY KEY, database TEXT NOT NULL DEFAULT '', database_id TEXT NOT NULL"
    " DEFAULT '', schema_name TEXT NOT NULL DEFAULT '', table_name TEXT NOT NULL DEFAULT '', judged_from INTEGER NOT"
    " NULL DEFAULT 0) STRICT, WITHOUT ROWID;"
    "CREATE TABLE clock_watch(target TEXT PRIMARY KEY, last INTEGER NOT NULL, candidate INTEGER NOT NULL, confirmed"
    " INTEGER NOT NULL, watched INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
};
constexpr sqlite::FileFormat kFormat{
    .application_id = 0x5453626B, .what = "books", .steps = kSteps, .busy_timeout = std::chrono::milliseconds(2000)};
// Hours older than this before the newest markers that are removed are forgotten.
constexpr std::chrono::days kKept{90};
constexpr const char* kForgetPlan = "DELETE FROM dropping WHERE record = ?";

// Far more than 90 days of hours need.
constexpr std::int64_t kLookedThroughPagesMax = 32'768;

std::int64_t number_of(Hour hour) {
  return std::chrono::floor<hours>(hour.time_since_epoch()).count();
}

base::Status begin_books(sqlite::Database& database, base::WallTime now, const std::string& instance, bool late) {
  auto state =
      database.prepare("INSERT INTO books_state(only_row, since, instance, judged_from) VALUES (1, ?, ?, ?)", false);
  if (!state) return base::fail(std::move(state.error()));
  state->bind(1, number_of(now));
  state->bind_text(2, instance);
  state->bind(3, late ? number_of(now) + 1 : 0);
  if (auto done = state->run(); !done) return done;
  base::failpoint(base::Failpoint::books_create_before_commit);
  return {};
}

base::Result<sqlite::Database> open_database(const std::string& path, base::WallTime now, const std::string& instance,
                                             bool late) {
  auto file = sqlite::open_stamped(path, kFormat);
  if (!file) return base::fail(std::move(file.error()));
  if (auto sound = sqlite::look_through(file->database, kFormat.what, kLookedThroughPagesMax); !sound)
    return base::fail(std::move(sound.error()));
  const bool is_new = file->version == 0;
  auto made = sqlite::bring_up_to_date(
      *file, kFormat, [&] { return is_new ? begin_books(file->database, now, instance, late) : base::Status(); });
  if (!made) return base::fail(std::move(made.error()));
  if (is_new) base::failpoint(base::Failpoint::books_create_after_commit);
  return std::move(file->database);
}

}  // namespace

base::Result<std::unique_ptr<BooksFile>> BooksFile::open(const std::string& path, base::WallTime now,
                                                         const std::string& instance, bool late) {
  auto database = open_database(path, now, instance, late);
  if (!database) return base::fail(std::move(database.error()));
  auto since = database->integer("SELECT since FROM books_state");
  if (!since) return base::fail(std::move(since.error()));
  auto judged_from = database->integer("SELECT judged_from FROM books_state");
  if (!judged_from) return base::fail(std::move(judged_from.error()));
  auto name = database->text("SELECT instance FROM books_state");
  if (!name) return base::fail(std::move(name.error()));
  return std::unique_ptr<BooksFile>(
      new BooksFile(std::move(*database), Hour(hours(*since)), Hour(hours(*judged_from)), std::move(*name)));
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

base::Result<std::map<Hour, std::uint64_t>> BooksFile::signed_off(const std::string& target) {
  return read_counts("SELECT hour, sum(events) FROM signed_off WHERE target = ? GROUP BY hour", target);
}

base::Result<std::uint64_t> BooksFile::signed_off_of(const SignOff& loss) {
  auto sum = database_.prepare("SELECT coalesce(sum(events), 0) FROM signed_off WHERE target = ? AND hour = ?", false);
  if (!sum) return base::fail(std::move(sum.error()));
  sum->bind_text(1, loss.target);
  sum->bind(2, number_of(loss.hour));
  auto row = sum->step();
  if (!row) return base::fail(std::move(row.error()));
  return static_cast<std::uint64_t>(sum->integer(0));
}

base::Status BooksFile::sign_off(const SignOff& loss, std::uint64_t counted_with) {
  const std::lock_guard lock(mutex_);
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return base::fail(std::move(transaction.error()));
  auto until_now = signed_off_of(loss);
  if (!until_now) return base::fail(std::move(until_now.error()));
  if (*until_now != counted_with) {
    return base::fail(base::ErrorKind::conflict, "somebody has waived events of this hour meanwhile", "the books",
                      "Count again with `twinshift books`");
  }
  auto add = database_.prepare("INSERT INTO signed_off(target, hour, events, reason, signed_at) VALUES (?, ?, ?, ?, ?)",
                               false);
  if (!add) return base::fail(std::move(add.error()));
  add->bind_text(1, loss.target);
  add->bind(2, number_of(loss.hour));
  add->bind(3, static_cast<std::int64_t>(loss.events));
  add->bind_text(4, loss.reason);
  add->bind(5, loss.at.time_since_epoch().count());
  if (auto done = add->run(); !done) return done;
  return transaction->commit();
}

base::Result<std::vector<BooksFile::SignOff>> BooksFile::sign_offs() {
  const std::lock_guard lock(mutex_);
  auto statement = database_.prepare(
      "SELECT target, hour, events, reason, signed_at FROM signed_off ORDER BY id DESC LIMIT ?", false);
  if (!statement) return base::fail(std::move(statement.error()));
  statement->bind(1, static_cast<std::int64_t>(kSignOffsMax));
  std::vector<SignOff> losses;
  for (;;) {
    auto row = statement->step();
    if (!row) return base::fail(std::move(row.error()));
    if (!*row) break;
    losses.push_back({.target = std::string(statement->text(0)),
                      .hour = Hour(hours(statement->integer(1))),
                      .events = static_cast<std::uint64_t>(statement->integer(2)),
                      .reason = std::string(statement->text(3)),
                      .at = base::WallTime(std::chrono::microseconds(statement->integer(4)))});
  }
  std::ranges::reverse(losses);
  return losses;
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
  // No longer judged (ledger.hpp, kJudged).
  for (const char* table : {"archive", "dropped", "signed_off", "received"}) {
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
