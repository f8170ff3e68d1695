// What books.db keeps of each target: which table is counted, from which hour on it is judged, and how far its clock is
// believed.
#include <algorithm>
#include <utility>

#include "books/books_file.hpp"

namespace twinshift::books {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;

std::int64_t number_of(Hour hour) {
  return std::chrono::floor<hours>(hour.time_since_epoch()).count();
}

base::WallTime time_of(std::int64_t number) {
  return base::WallTime(microseconds(number));
}

bool differ(const std::string& one, const std::string& other) {
  return !one.empty() && !other.empty() && one != other;
}

}  // namespace

bool BooksFile::CountedTable::is_same(const CountedTable& other) const {
  return !differ(database, other.database) && !differ(database_id, other.database_id) &&
         !differ(schema, other.schema) && !differ(name, other.name);
}

base::Result<BooksFile::CountedTable> BooksFile::read_counted_table(const std::string& target) {
  auto read =
      database_.prepare("SELECT database, database_id, schema_name, table_name FROM counted WHERE target = ?", false);
  if (!read) return base::fail(std::move(read.error()));
  read->bind_text(1, target);
  auto row = read->step();
  if (!row) return base::fail(std::move(row.error()));
  if (!*row) return CountedTable();
  return CountedTable{.database = std::string(read->text(0)),
                      .database_id = std::string(read->text(1)),
                      .schema = std::string(read->text(2)),
                      .name = std::string(read->text(3))};
}

base::Result<BooksFile::CountedTable> BooksFile::counted_table(const std::string& target) {
  const std::lock_guard lock(mutex_);
  return read_counted_table(target);
}

base::Result<bool> BooksFile::count_in(const std::string& target, const CountedTable& table, base::WallTime now) {
  const std::lock_guard lock(mutex_);
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return base::fail(std::move(transaction.error()));
  const auto before = read_counted_table(target);
  if (!before) return base::fail(before.error());
  const bool another = !before->is_same(table);
  // What is not known this time stays known.
  const auto known = [&](std::string CountedTable::* part) {
    return another || !(table.*part).empty() ? table.*part : (*before).*part;
  };
  const CountedTable kept{known(&CountedTable::database), known(&CountedTable::database_id),
                          known(&CountedTable::schema), known(&CountedTable::name)};
  auto put = database_.prepare(
      "INSERT INTO counted(target, database, database_id, schema_name, table_name) VALUES (?1, ?2, ?3, ?4, ?5)"
      " ON CONFLICT(target) DO UPDATE SET database = ?2, database_id = ?3, schema_name = ?4, table_name = ?5",
      false);
  if (!put) return base::fail(std::move(put.error()));
  put->bind_text(1, target);
  put->bind_text(2, kept.database);
  put->bind_text(3, kept.database_id);
  put->bind_text(4, kept.schema);
  put->bind_text(5, kept.name);
  if (auto done = put->run(); !done) return base::fail(std::move(done.error()));
  if (another) {
    // Of this hour a part has landed in the other table.
    if (auto begun = begin_anew(target, Hour(hours(number_of(now) + 1))); !begun) {
      return base::fail(std::move(begun.error()));
    }
  }
  if (auto committed = transaction->commit(); !committed) return base::fail(std::move(committed.error()));
  return another;
}

base::Status BooksFile::begin_anew(const std::string& target, Hour first) {
  for (const char* sql : {"DELETE FROM archive WHERE target = ?", "DELETE FROM archive_state WHERE target = ?"}) {
    auto forget = database_.prepare(sql, false);
    if (!forget) return base::fail(std::move(forget.error()));
    forget->bind_text(1, target);
    if (auto done = forget->run(); !done) return done;
  }
  return raise_judged_from(target, first);
}

base::Status BooksFile::raise_judged_from(const std::string& target, Hour hour) {
  auto raise = database_.prepare(
      "INSERT INTO counted(target, judged_from) VALUES (?1, ?2)"
      " ON CONFLICT(target) DO UPDATE SET judged_from = max(judged_from, ?2)",
      false);
  if (!raise) return base::fail(std::move(raise.error()));
  raise->bind_text(1, target);
  raise->bind(2, number_of(hour));
  return raise->run();
}

base::Result<Hour> BooksFile::judged_from(const std::string& target) {
  const std::lock_guard lock(mutex_);
  auto read = database_.prepare("SELECT judged_from FROM counted WHERE target = ?", false);
  if (!read) return base::fail(std::move(read.error()));
  read->bind_text(1, target);
  auto row = read->step();
  if (!row) return base::fail(std::move(row.error()));
  return std::max(judged_from_, *row ? Hour(hours(read->integer(0))) : Hour{});
}

base::Status BooksFile::judge_from(const std::string& target, Hour hour) {
  const std::lock_guard lock(mutex_);
  return raise_judged_from(target, hour);
}

base::Result<ClockRecord> BooksFile::clock_record(const std::string& target) {
  const std::lock_guard lock(mutex_);
  auto read = database_.prepare("SELECT last, candidate, confirmed, watched FROM clock_watch WHERE target = ?", false);
  if (!read) return base::fail(std::move(read.error()));
  read->bind_text(1, target);
  auto row = read->step();
  if (!row) return base::fail(std::move(row.error()));
  if (!*row) return ClockRecord();
  return ClockRecord{.last = time_of(read->integer(0)),
                     .candidate = time_of(read->integer(1)),
                     .confirmed = time_of(read->integer(2)),
                     .watched = microseconds(read->integer(3))};
}

base::Status BooksFile::save_clock_record(const std::string& target, const ClockRecord& record) {
  const std::lock_guard lock(mutex_);
  auto put = database_.prepare(
      "INSERT OR REPLACE INTO clock_watch(target, last, candidate, confirmed, watched) VALUES (?, ?, ?, ?, ?)", false);
  if (!put) return base::fail(std::move(put.error()));
  put->bind_text(1, target);
  put->bind(2, record.last.time_since_epoch().count());
  put->bind(3, record.candidate.time_since_epoch().count());
  put->bind(4, record.confirmed.time_since_epoch().count());
  put->bind(5, record.watched.count());
  return put->run();
}

}  // namespace twinshift::books
