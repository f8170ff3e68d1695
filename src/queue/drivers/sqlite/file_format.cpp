#include "queue/drivers/sqlite/file_format.hpp"

#include <array>
#include <string>
#include <utility>

#include "base/failpoint.hpp"

namespace twinshift::queue {
namespace {

// kSteps[v] brings a file from version v to v + 1. A step that has been released is never changed.
constexpr std::array<const char*, kFormatVersion> kSteps = {
    "CREATE TABLE messages("
    "  id INTEGER PRIMARY KEY,"
    "  received_at INTEGER NOT NULL,"
    "  message_id BLOB NOT NULL,"
    "  body BLOB NOT NULL"
    ") STRICT;"
    "CREATE TABLE queue_state("
    "  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),"
    "  last_id INTEGER NOT NULL,"
    "  depth INTEGER NOT NULL"
    ") STRICT;"
    "INSERT INTO queue_state VALUES (1, 0, 0);",
    "CREATE TABLE arrivals("
    "  hour INTEGER PRIMARY KEY,"
    "  received INTEGER NOT NULL,"
    "  again INTEGER NOT NULL,"
    "  settled INTEGER NOT NULL,"
    "  waived INTEGER NOT NULL"
    ") STRICT;"
    "INSERT INTO arrivals SELECT received_at / 3600000000, count(*), 0, 0, 0 FROM messages GROUP BY 1;",
};

struct Stamp {
  std::int64_t application_id = 0;
  std::int64_t version = 0;
  std::int64_t pages = 0;
};

base::Result<Stamp> read_stamp(sqlite::Database& database) {
  Stamp stamp;
  const std::array<std::pair<const char*, std::int64_t*>, 3> wanted = {{
      {"PRAGMA application_id", &stamp.application_id},
      {"PRAGMA user_version", &stamp.version},
      {"PRAGMA page_count", &stamp.pages},
  }};
  for (const auto& [sql, into] : wanted) {
    auto value = database.integer(sql);
    if (!value) return base::fail(std::move(value.error()));
    *into = *value;
  }
  return stamp;
}

}  // namespace

base::Status prepare_format(sqlite::Database& database, std::uint32_t page_bytes) {
  auto stamp = read_stamp(database);
  if (!stamp) return base::fail(std::move(stamp.error()));
  if (stamp->pages == 0) {
    return database.execute("PRAGMA page_size=" + std::to_string(page_bytes) + "; PRAGMA auto_vacuum=INCREMENTAL");
  }
  const bool stamped = stamp->application_id == kApplicationId;
  // A file that was created but whose first transaction never came has pages (WAL mode is noted in page 1), no stamp
  // and no tables.
  if (!stamped) {
    auto tables = database.integer("SELECT count(*) FROM sqlite_schema");
    if (!tables) return base::fail(std::move(tables.error()));
    if (stamp->application_id == 0 && *tables == 0) return {};
    return base::fail(base::ErrorKind::conflict, "this database is not a queue of ours", database.path(),
                      "Set TWINSHIFT_DATA_DIR to a folder of its own");
  }
  if (stamp->version > kFormatVersion) {
    return base::fail(base::ErrorKind::conflict,
                      "the queue file has format version " + std::to_string(stamp->version) +
                          ", this program knows versions up to " + std::to_string(kFormatVersion),
                      database.path(),
                      "Start the newer twinshift that wrote it, or drain the queue with that one first");
  }
  return {};
}

base::Status take_over_format(sqlite::Database& database) {
  auto version = database.integer("PRAGMA user_version");
  if (!version) return base::fail(std::move(version.error()));
  if (*version == kFormatVersion) return {};
  auto transaction = sqlite::Transaction::begin(database);
  if (!transaction) return base::fail(std::move(transaction.error()));
  for (auto step = static_cast<std::size_t>(*version); step < kSteps.size(); ++step) {
    if (auto done = database.execute(kSteps[step]); !done) return done;
  }
  if (auto stamped = database.execute("PRAGMA application_id=" + std::to_string(kApplicationId) +
                                      "; PRAGMA user_version=" + std::to_string(kFormatVersion));
      !stamped) {
    return stamped;
  }
  base::failpoint(base::Failpoint::queue_sqlite_format_before_commit);
  if (auto committed = transaction->commit(); !committed) return committed;
  base::failpoint(base::Failpoint::queue_sqlite_format_after_commit);
  return {};
}

}  // namespace twinshift::queue
