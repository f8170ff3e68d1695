#include "queue/drivers/sqlite/refused_file.hpp"

#include <array>
#include <limits>
#include <utility>

#include "base/failpoint.hpp"
#include "sqlite/stamped_file.hpp"

namespace twinshift::queue {
namespace {

constexpr std::array<const char*, 1> kSteps = {
    "CREATE TABLE refused(id INTEGER PRIMARY KEY AUTOINCREMENT, received_at INTEGER NOT NULL, status INTEGER NOT NULL,"
    " reason BLOB NOT NULL, path BLOB NOT NULL, body BLOB NOT NULL) STRICT;"
    "CREATE TABLE refused_state(only_row INTEGER PRIMARY KEY CHECK (only_row = 1), bodies INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL) STRICT;"
    "INSERT INTO refused_state VALUES (1, 0, 0);",
};
constexpr sqlite::FileFormat kFormat{
    .application_id = 0x54537266, .what = "refused bodies", .steps = kSteps, .incremental_vacuum = true};

// The store's own bound and as much again: read in a moment.
constexpr std::int64_t kLookedThroughPagesMax = 32'768;

}  // namespace

base::Result<RefusedFile> RefusedFile::open(const std::string& path) {
  auto file = sqlite::open_stamped(path, kFormat);
  if (!file) return base::fail(std::move(file.error()));
  if (auto sound = sqlite::look_through(file->database, kFormat.what, kLookedThroughPagesMax); !sound)
    return base::fail(std::move(sound.error()));
  if (auto made = sqlite::bring_up_to_date(*file, kFormat); !made) return base::fail(std::move(made.error()));
  auto bodies = file->database.integer("SELECT bodies FROM refused_state");
  if (!bodies) return base::fail(std::move(bodies.error()));
  auto bytes = file->database.integer("SELECT bytes FROM refused_state");
  if (!bytes) return base::fail(std::move(bytes.error()));
  RefusedFile opened(std::move(file->database));
  opened.counts_ = {static_cast<std::uint64_t>(*bodies), static_cast<std::uint64_t>(*bytes)};
  return opened;
}

base::Result<std::uint64_t> RefusedFile::keep(const std::vector<const RefusedBody*>& bodies, std::uint64_t bodies_max,
                                              std::uint64_t bytes_max) {
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return base::fail(std::move(transaction.error()));
  Counts counts = counts_;
  if (auto put = insert(bodies, counts); !put) return base::fail(std::move(put.error()));
  auto dropped = drop_oldest(bodies_max, bytes_max, counts);
  if (!dropped) return dropped;
  if (auto saved = save(counts); !saved) return base::fail(std::move(saved.error()));
  base::failpoint(base::Failpoint::queue_refused_before_commit);
  if (auto committed = transaction->commit(); !committed) return base::fail(std::move(committed.error()));
  base::failpoint(base::Failpoint::queue_refused_after_commit);
  counts_ = counts;
  // Room is given back in steps as small as what was dropped.
  if (*dropped > 0) {
    if (auto given = database_.execute("PRAGMA incremental_vacuum(1024)"); !given) {
      return base::fail(std::move(given.error()));
    }
  }
  return dropped;
}

base::Status RefusedFile::insert(const std::vector<const RefusedBody*>& bodies, Counts& counts) {
  auto statement = database_.prepare("INSERT INTO refused(received_at, status, reason, path, body) VALUES (?,?,?,?,?)");
  if (!statement) return base::fail(std::move(statement.error()));
  for (const RefusedBody* body : bodies) {
    statement->bind(1, body->received_at.time_since_epoch().count());
    statement->bind(2, body->status);
    statement->bind_blob(3, body->reason);
    statement->bind_blob(4, body->path);
    statement->bind_blob(5, body->body);
    if (auto done = statement->run(); !done) return done;
    ++counts.bodies;
    counts.bytes += body->body.size();
  }
  return {};
}

base::Result<std::uint64_t> RefusedFile::drop_oldest(std::uint64_t bodies_max, std::uint64_t bytes_max,
                                                     Counts& counts) {
  const auto too_much = [&] { return counts.bodies > bodies_max || counts.bytes > bytes_max; };
  if (!too_much()) return 0;
  auto oldest = database_.prepare("SELECT id, length(body) FROM refused ORDER BY id");
  if (!oldest) return base::fail(std::move(oldest.error()));
  std::uint64_t dropped = 0;
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  while (too_much()) {
    auto row = oldest->step();
    if (!row) return base::fail(std::move(row.error()));
    if (!*row) break;
    last = oldest->integer(0);
    --counts.bodies;
    counts.bytes -= static_cast<std::uint64_t>(oldest->integer(1));
    ++dropped;
  }
  oldest->reset();
  auto erase = database_.prepare("DELETE FROM refused WHERE id <= ?");
  if (!erase) return base::fail(std::move(erase.error()));
  erase->bind(1, last);
  if (auto done = erase->run(); !done) return base::fail(std::move(done.error()));
  return dropped;
}

base::Status RefusedFile::save(const Counts& counts) {
  auto statement = database_.prepare("UPDATE refused_state SET bodies = ?, bytes = ?");
  if (!statement) return base::fail(std::move(statement.error()));
  statement->bind(1, static_cast<std::int64_t>(counts.bodies));
  statement->bind(2, static_cast<std::int64_t>(counts.bytes));
  return statement->run();
}

base::Result<std::vector<RefusedEntry>> RefusedFile::list(std::size_t entries_max) {
  auto statement = database_.prepare(
      "SELECT id, received_at, status, reason, path, length(body) FROM refused ORDER BY id DESC LIMIT ?");
  if (!statement) return base::fail(std::move(statement.error()));
  statement->bind(1, static_cast<std::int64_t>(std::min<std::size_t>(entries_max, 1'000'000)));
  std::vector<RefusedEntry> entries;
  for (;;) {
    auto row = statement->step();
    if (!row) return base::fail(std::move(row.error()));
    if (!*row) return entries;
    RefusedEntry entry;
    entry.id = statement->integer(0);
    entry.received_at = base::WallTime(std::chrono::microseconds(statement->integer(1)));
    entry.status = static_cast<int>(statement->integer(2));
    entry.reason = statement->text(3);
    entry.path = statement->text(4);
    entry.body_bytes = static_cast<std::uint64_t>(statement->integer(5));
    entries.push_back(std::move(entry));
  }
}

base::Result<std::string> RefusedFile::body(std::int64_t id) {
  auto statement = database_.prepare("SELECT body FROM refused WHERE id = ?");
  if (!statement) return base::fail(std::move(statement.error()));
  statement->bind(1, id);
  auto row = statement->step();
  if (!row) return base::fail(std::move(row.error()));
  if (!*row) {
    return base::fail(base::ErrorKind::not_found, "there is no refused body with number " + std::to_string(id),
                      database_.path(), "List the bodies that are kept; the oldest go first");
  }
  return std::string(statement->text(0));
}

}  // namespace twinshift::queue
