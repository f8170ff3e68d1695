#include "quarantine/drivers/sqlite/quarantine_file.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "base/failpoint.hpp"
#include "sqlite/file_stamp.hpp"

namespace twinshift::quarantine {
namespace {

// A command that reads holds up nobody in WAL mode; this is for its first moment and for a foreign sqlite3.
constexpr std::chrono::milliseconds kBusyTimeout{2'000};
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

const sqlite::FileStamp kStamp{kApplicationId, kFormatVersion, "quarantine"};

base::Status create(sqlite::Database& database) {
  auto transaction = sqlite::Transaction::begin(database);
  if (!transaction) return base::fail(std::move(transaction.error()));
  auto made = database.execute(
      "CREATE TABLE quarantine(id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, event_id TEXT NOT NULL,"
      " id_version INTEGER NOT NULL, message_id BLOB NOT NULL, received_at INTEGER NOT NULL,"
      " quarantined_at INTEGER NOT NULL, column_name BLOB NOT NULL, error_class BLOB NOT NULL, message BLOB NOT NULL,"
      " tries INTEGER NOT NULL, event BLOB NOT NULL, UNIQUE (event_id, target)) STRICT;"
      "CREATE INDEX quarantine_by_target ON quarantine(target, id);" +
      sqlite::stamp_sql(kStamp));
  if (!made) return made;
  return transaction->commit();
}

constexpr const char* kInsert =
    "INSERT INTO quarantine(target, event_id, id_version, message_id, received_at, quarantined_at, column_name,"
    " error_class, message, tries, event) VALUES (?,?,?,?,?,?,?,?,?,?,?)"
    " ON CONFLICT (event_id, target) DO UPDATE SET quarantined_at=excluded.quarantined_at,"
    " column_name=excluded.column_name, error_class=excluded.error_class, message=excluded.message,"
    " tries=tries+excluded.tries";

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

}  // namespace

base::Result<QuarantineFile> QuarantineFile::open(const std::string& path) {
  auto database = sqlite::Database::open(path, sqlite::OpenMode::create);
  if (!database) return base::fail(std::move(database.error()));
  database->set_busy_timeout(kBusyTimeout);
  auto empty = sqlite::check_stamp(*database, kStamp);
  if (!empty) return base::fail(std::move(empty.error()));
  if (*empty) {
    if (auto set = database->execute("PRAGMA auto_vacuum=INCREMENTAL"); !set) return base::fail(std::move(set.error()));
  }
  if (auto wal = database->use_durable_wal(); !wal) return base::fail(std::move(wal.error()));
  if (*empty) {
    if (auto made = create(*database); !made) return base::fail(std::move(made.error()));
  }
  return QuarantineFile(std::move(*database));
}

base::Result<QuarantineFile> QuarantineFile::open_for_reading(const std::string& path) {
  auto database = sqlite::Database::open(path, sqlite::OpenMode::read_only);
  if (!database) return base::fail(std::move(database.error()));
  database->set_busy_timeout(kBusyTimeout);
  auto empty = sqlite::check_stamp(*database, kStamp);
  if (!empty) return base::fail(std::move(empty.error()));
  if (*empty) return base::fail(base::ErrorKind::not_found, "the quarantine's file is empty", path);
  return QuarantineFile(std::move(*database));
}

base::Status QuarantineFile::put(const std::vector<const Refused*>& events, base::WallTime now) {
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return base::fail(std::move(transaction.error()));
  auto statement = database_.prepare(kInsert);
  if (!statement) return base::fail(std::move(statement.error()));
  for (const Refused* each : events) {
    const event::Event& event = *each->event;
    const std::string event_id = event.id.hex();
    statement->bind_text(1, each->target);
    statement->bind_text(2, event_id);
    statement->bind(3, event.id_version);
    statement->bind_blob(4, event.message_id);
    statement->bind(5, event.received_at.time_since_epoch().count());
    statement->bind(6, now.time_since_epoch().count());
    statement->bind_blob(7, each->column);
    statement->bind_blob(8, each->error_class);
    statement->bind_blob(9, each->message);
    statement->bind(10, static_cast<std::int64_t>(each->tries));
    statement->bind_blob(11, event.json);
    if (auto done = statement->run(); !done) return done;
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
  std::uint64_t removed = 0;
  for (const Ticket& ticket : tickets) {
    statement->bind(1, ticket.id);
    statement->bind(2, static_cast<std::int64_t>(ticket.tries));
    if (auto done = statement->run(); !done) return base::fail(std::move(done.error()));
    removed += static_cast<std::uint64_t>(database_.changes());
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
  std::vector<Record> records;
  std::size_t bytes = 0;
  for (;;) {
    auto row = statement->step();
    if (!row) return base::fail(std::move(row.error()));
    if (!*row) return records;
    records.push_back(record_from(*statement));
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

base::Status QuarantineFile::check() {
  auto pages = database_.integer("PRAGMA page_count");
  if (!pages) return base::fail(std::move(pages.error()));
  if (*pages > kCheckedPagesMax) return {};
  auto found = database_.text("PRAGMA quick_check(1)");
  if (!found) return base::fail(std::move(found.error()));
  if (*found == "ok") return {};
  return base::fail(base::ErrorKind::corrupt, "the quarantine's file is damaged: " + *found, database_.path(),
                    "Stop, keep a copy of the file and its -wal, then restore it or start with an empty one");
}

}  // namespace twinshift::quarantine
