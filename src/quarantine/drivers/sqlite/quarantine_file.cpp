#include "quarantine/drivers/sqlite/quarantine_file.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

#include "base/failpoint.hpp"
#include "sqlite/stamped_file.hpp"

namespace twinshift::quarantine {
namespace {

constexpr std::size_t kRecordsMax = 1'000'000;  // of one read
// Files up to this size are looked through after an I/O error.
constexpr std::int64_t kCheckedPagesMax = 16'384;

// Gives the free pages back in steps, so that no transaction grows large. What stays is used again, or given back
// the next time.
void give_back(sqlite::Database& database) {
  std::int64_t before = std::numeric_limits<std::int64_t>::max();
  for (;;) {
    auto left = database.integer("PRAGMA freelist_count");
    if (!left || *left == 0 || *left >= before) return;
    before = *left;
    if (!database.execute("PRAGMA incremental_vacuum(1024)")) return;
  }
}

// The first version that tells messages of one event apart, and the first that knows their ids.
constexpr std::int64_t kVersionOfArrivals = 2;
constexpr std::int64_t kVersionOfMessageIds = 3;

constexpr std::array<const char*, kFormatVersion> kSteps = {
    "CREATE TABLE quarantine(id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, event_id TEXT NOT NULL,"
    " id_version INTEGER NOT NULL, message_id BLOB NOT NULL, received_at INTEGER NOT NULL,"
    " quarantined_at INTEGER NOT NULL, column_name BLOB NOT NULL, error_class BLOB NOT NULL, message BLOB NOT NULL,"
    " tries INTEGER NOT NULL, event BLOB NOT NULL, UNIQUE (event_id, target)) STRICT;"
    "CREATE INDEX quarantine_by_target ON quarantine(target, id);",
    "CREATE TABLE quarantine_arrivals(record INTEGER NOT NULL, received_at INTEGER NOT NULL,"
    " PRIMARY KEY (record, received_at)) STRICT, WITHOUT ROWID;",
    "ALTER TABLE quarantine_arrivals ADD COLUMN message_id BLOB NOT NULL DEFAULT x'';",
};

// A command that reads holds up nobody in WAL mode; the wait is for its first moment and for a foreign sqlite3.
constexpr sqlite::FileFormat kFormat{.application_id = kApplicationId,
                                     .what = "quarantine",
                                     .steps = kSteps,
                                     .busy_timeout = std::chrono::milliseconds(2'000),
                                     .incremental_vacuum = true};

constexpr const char* kInsert =
    "INSERT INTO quarantine(target, event_id, id_version, message_id, received_at, quarantined_at, column_name,"
    " error_class, message, tries, event) VALUES (?,?,?,?,?,?,?,?,?,?,?)"
    " ON CONFLICT (event_id, target) DO UPDATE SET quarantined_at=excluded.quarantined_at,"
    " column_name=excluded.column_name, error_class=excluded.error_class, message=excluded.message,"
    " tries=tries+excluded.tries";
// The record's own message stands in the record; one that comes once more is known already.
constexpr const char* kInsertArrival =
    "INSERT OR IGNORE INTO quarantine_arrivals(record, received_at, message_id)"
    " SELECT id, ?1, ?4 FROM quarantine WHERE event_id = ?2 AND target = ?3 AND received_at <> ?1";
constexpr const char* kSelectArrivals =
    "SELECT received_at, message_id FROM quarantine_arrivals WHERE record = ? ORDER BY received_at LIMIT ?";
constexpr const char* kSelectArrivalsBeforeIds =
    "SELECT received_at, x'' FROM quarantine_arrivals WHERE record = ? ORDER BY received_at LIMIT ?";

// Hours since 1970, rounded down also before it (SQLite's division and remainder go towards 0).
constexpr std::int64_t kHourUs = 3'600'000'000;

std::string count_by_hour_sql(std::int64_t version) {
  std::string arrivals = "SELECT received_at AS at FROM quarantine WHERE target = ?1";
  if (version >= kVersionOfArrivals) {
    arrivals +=
        " UNION ALL SELECT each.received_at FROM quarantine AS kept"
        " JOIN quarantine_arrivals AS each ON each.record = kept.id WHERE kept.target = ?1";
  }
  return "SELECT (at - (at % ?2 + ?2) % ?2) / ?2 AS hour, count(*) FROM (" + arrivals + ") GROUP BY hour";
}

std::string select_sql(const Query& query) {
  std::string sql =
      "SELECT id, target, event_id, id_version, message_id, received_at, quarantined_at, column_name, error_class,"
      " message, tries, length(event),"
      " (SELECT count(*) FROM quarantine AS other WHERE other.event_id = quarantine.event_id), ";
  sql += query.with_json ? "event" : "''";
  sql += " FROM quarantine WHERE id > ? AND id <= ?";
  if (!query.target.empty()) sql += " AND target = ?";
  if (!query.event_id.empty()) sql += " AND event_id = ?";
  sql += query.newest_first ? " ORDER BY id DESC LIMIT ?" : " ORDER BY id LIMIT ?";
  return sql;
}

base::WallTime time_from(std::int64_t us) {
  return base::WallTime(std::chrono::microseconds(us));
}

Record record_from(const sqlite::Statement& row) {
  Record record;
  record.id = row.integer(0);
  record.target = row.text(1);
  record.event_id = row.text(2);
  record.id_version = static_cast<int>(row.integer(3));
  record.message_id = row.text(4);
  record.received_at = time_from(row.integer(5));
  record.quarantined_at = time_from(row.integer(6));
  record.column = row.text(7);
  record.error_class = row.text(8);
  record.message = row.text(9);
  record.tries = static_cast<std::uint64_t>(row.integer(10));
  record.json_bytes = static_cast<std::uint64_t>(row.integer(11));
  record.both_sides = row.integer(12) > 1;
  record.json = row.text(13);
  return record;
}

base::Status read_arrivals(sqlite::Statement& statement, Record& record) {
  statement.bind(1, record.id);
  statement.bind(2, static_cast<std::int64_t>(kFurtherArrivalsMax));
  for (;;) {
    auto row = statement.step();
    if (!row) return base::fail(std::move(row.error()));
    if (!*row) break;
    record.further_arrivals.push_back({time_from(statement.integer(0)), std::string(statement.text(1))});
  }
  statement.reset();
  return {};
}

base::Status put_one(sqlite::Statement& record, sqlite::Statement& arrival, const Refused& refused,
                     base::WallTime now) {
  const event::Event& event = *refused.event;
  const std::string event_id = event.id.hex();
  const std::int64_t received_at = event.received_at.time_since_epoch().count();
  record.bind_text(1, refused.target);
  record.bind_text(2, event_id);
  record.bind(3, event.id_version);
  record.bind_blob(4, event.message_id);
  record.bind(5, received_at);
  record.bind(6, now.time_since_epoch().count());
  record.bind_blob(7, refused.column);
  record.bind_blob(8, refused.error_class);
  record.bind_blob(9, refused.message);
  record.bind(10, static_cast<std::int64_t>(refused.tries));
  record.bind_blob(11, event.json);
  if (auto done = record.run(); !done) return done;
  arrival.bind(1, received_at);
  arrival.bind_text(2, event_id);
  arrival.bind_text(3, refused.target);
  arrival.bind_blob(4, event.message_id);
  return arrival.run();
}

}  // namespace

base::Result<QuarantineFile> QuarantineFile::open(const std::string& path) {
  auto file = sqlite::open_stamped(path, kFormat);
  if (!file) return base::fail(std::move(file.error()));
  if (auto made = sqlite::bring_up_to_date(*file, kFormat); !made) return base::fail(std::move(made.error()));
  return QuarantineFile(std::move(file->database), kFormatVersion);
}

base::Result<QuarantineFile> QuarantineFile::open_for_reading(const std::string& path) {
  auto file = sqlite::open_stamped_for_reading(path, kFormat);
  if (!file) return base::fail(std::move(file.error()));
  return QuarantineFile(std::move(file->database), file->version);
}

base::Status QuarantineFile::put(const std::vector<const Refused*>& events, base::WallTime now) {
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return base::fail(std::move(transaction.error()));
  auto record = database_.prepare(kInsert);
  if (!record) return base::fail(std::move(record.error()));
  auto arrival = database_.prepare(kInsertArrival);
  if (!arrival) return base::fail(std::move(arrival.error()));
  for (const Refused* each : events) {
    if (auto done = put_one(*record, *arrival, *each, now); !done) return done;
  }
  base::failpoint(base::Failpoint::quarantine_sqlite_put_before_commit);
  if (auto committed = transaction->commit(); !committed) return committed;
  base::failpoint(base::Failpoint::quarantine_sqlite_put_after_commit);
  return {};
}

base::Result<std::uint64_t> QuarantineFile::remove(const std::vector<Ticket>& tickets) {
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return base::fail(std::move(transaction.error()));
  auto statement = database_.prepare("DELETE FROM quarantine WHERE id = ? AND tries = ?");
  if (!statement) return base::fail(std::move(statement.error()));
  auto arrivals = database_.prepare("DELETE FROM quarantine_arrivals WHERE record = ?");
  if (!arrivals) return base::fail(std::move(arrivals.error()));
  std::uint64_t removed = 0;
  for (const Ticket& ticket : tickets) {
    statement->bind(1, ticket.id);
    statement->bind(2, static_cast<std::int64_t>(ticket.tries));
    if (auto done = statement->run(); !done) return base::fail(std::move(done.error()));
    if (database_.changes() == 0) continue;
    ++removed;
    arrivals->bind(1, ticket.id);
    if (auto done = arrivals->run(); !done) return base::fail(std::move(done.error()));
  }
  base::failpoint(base::Failpoint::quarantine_sqlite_remove_before_commit);
  if (auto committed = transaction->commit(); !committed) return base::fail(std::move(committed.error()));
  base::failpoint(base::Failpoint::quarantine_sqlite_remove_after_commit);
  if (removed > 0) give_back(database_);
  return removed;
}

base::Result<std::vector<Record>> QuarantineFile::read(const Query& query) {
  auto statement = database_.prepare(select_sql(query), false);
  if (!statement) return base::fail(std::move(statement.error()));
  int parameter = 0;
  statement->bind(++parameter, query.after_id);
  statement->bind(++parameter, query.until_id);
  if (!query.target.empty()) statement->bind_text(++parameter, query.target);
  if (!query.event_id.empty()) statement->bind_text(++parameter, query.event_id);
  statement->bind(++parameter, static_cast<std::int64_t>(std::min(query.records_max, kRecordsMax)));
  std::optional<sqlite::Statement> arrivals;
  if (version_ >= kVersionOfArrivals) {
    auto prepared =
        database_.prepare(version_ >= kVersionOfMessageIds ? kSelectArrivals : kSelectArrivalsBeforeIds, false);
    if (!prepared) return base::fail(std::move(prepared.error()));
    arrivals = std::move(*prepared);
  }
  std::vector<Record> records;
  std::size_t bytes = 0;
  for (;;) {
    auto row = statement->step();
    if (!row) return base::fail(std::move(row.error()));
    if (!*row) return records;
    records.push_back(record_from(*statement));
    // In the snapshot of the statement under way: `tries` tells of these arrivals and no others.
    if (arrivals) {
      if (auto done = read_arrivals(*arrivals, records.back()); !done) return base::fail(std::move(done.error()));
    }
    bytes += records.back().json.size();
    if (bytes >= query.json_bytes_max) return records;
  }
}

base::Result<std::map<std::string, std::uint64_t>> QuarantineFile::count() {
  auto statement = database_.prepare("SELECT target, count(*) FROM quarantine GROUP BY target", false);
  if (!statement) return base::fail(std::move(statement.error()));
  std::map<std::string, std::uint64_t> counts;
  for (;;) {
    auto row = statement->step();
    if (!row) return base::fail(std::move(row.error()));
    if (!*row) return counts;
    counts.emplace(statement->text(0), static_cast<std::uint64_t>(statement->integer(1)));
  }
}

base::Result<std::map<base::WallTime, std::uint64_t>> QuarantineFile::count_by_hour(const std::string& target) {
  auto statement = database_.prepare(count_by_hour_sql(version_), false);
  if (!statement) return base::fail(std::move(statement.error()));
  statement->bind_text(1, target);
  statement->bind(2, kHourUs);
  std::map<base::WallTime, std::uint64_t> counts;
  for (;;) {
    auto row = statement->step();
    if (!row) return base::fail(std::move(row.error()));
    if (!*row) return counts;
    const base::WallTime hour{std::chrono::hours(statement->integer(0))};
    counts.emplace(hour, static_cast<std::uint64_t>(statement->integer(1)));
  }
}

base::Status QuarantineFile::check() {
  return sqlite::look_through(database_, kFormat.what, kCheckedPagesMax);
}

}  // namespace twinshift::quarantine
