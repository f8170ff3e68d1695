#include "queue/drivers/sqlite/queue_file.hpp"

#include <algorithm>
#include <utility>

#include "base/failpoint.hpp"
#include "queue/drivers/sqlite/file_format.hpp"

namespace twinshift::queue {
namespace {

// Files up to this size are looked through after an I/O error.
constexpr std::uint64_t kCheckedBytesMax = 64'000'000;
// Free pages that stay in the file for the next burst.
constexpr std::int64_t kFreePagesIdle = 64;
constexpr std::int64_t kFreePagesBusy = 8192;

// Debian's SQLite overwrites what is deleted (secure_delete): every acknowledged message would be written once more.
base::Status set_up_connection(sqlite::Database& database, const FileOptions& options) {
  database.watch_wal();
  return database.execute(
      "PRAGMA secure_delete=OFF; PRAGMA cache_size=-4000; PRAGMA temp_store=MEMORY;"
      "PRAGMA journal_size_limit=" +
      std::to_string(options.wal_bytes_max));
}

}  // namespace

QueueFile::QueueFile(sqlite::Database database, const FileOptions& options, Statements statements)
    : database_(std::move(database)), statements_(std::move(statements)), page_bytes_(options.page_bytes) {}

base::Result<QueueFile::Statements> QueueFile::prepare(sqlite::Database& database) {
  auto insert = database.prepare("INSERT INTO messages(id, received_at, message_id, body) VALUES (?, ?, ?, ?)");
  if (!insert) return base::fail(std::move(insert.error()));
  auto erase = database.prepare("DELETE FROM messages WHERE id BETWEEN ? AND ? RETURNING received_at");
  if (!erase) return base::fail(std::move(erase.error()));
  auto save = database.prepare("UPDATE queue_state SET last_id = ?, depth = ? WHERE only_row = 1");
  if (!save) return base::fail(std::move(save.error()));
  auto count_free = database.prepare("PRAGMA freelist_count");
  if (!count_free) return base::fail(std::move(count_free.error()));
  auto arrivals = ArrivalCounts::open(database);
  if (!arrivals) return base::fail(std::move(arrivals.error()));
  return Statements{std::move(*insert), std::move(*erase), std::move(*save), std::move(*count_free),
                    std::move(*arrivals)};
}

base::Result<QueueFile> QueueFile::open(const FileOptions& options) {
  const sqlite::FileFormat format = file_format(options.page_bytes);
  auto stamped = sqlite::open_stamped(options.path, format);
  if (!stamped) return base::fail(std::move(stamped.error()));
  sqlite::Database& database = stamped->database;
  if (auto set = set_up_connection(database, options); !set) return base::fail(std::move(set.error()));
  if (auto taken = take_over_format(*stamped, format); !taken) return base::fail(std::move(taken.error()));
  auto statements = prepare(database);
  if (!statements) return base::fail(std::move(statements.error()));
  auto page_bytes = database.integer("PRAGMA page_size");
  if (!page_bytes) return base::fail(std::move(page_bytes.error()));

  QueueFile file(std::move(database), options, std::move(*statements));
  file.page_bytes_ = static_cast<std::uint64_t>(*page_bytes);
  file.wal_pages_max_ = std::max<std::uint64_t>(16, options.wal_bytes_max / file.page_bytes_);
  file.checkpoint_pages_ =
      std::clamp<std::uint64_t>(options.checkpoint_bytes / file.page_bytes_, 8, file.wal_pages_max_ / 2);
  if (auto loaded = file.load_state(options.last_id_at_least); !loaded) return base::fail(std::move(loaded.error()));
  return file;
}

base::Status QueueFile::load_state(std::int64_t last_id_at_least) {
  auto last_id = database_.integer("SELECT last_id FROM queue_state WHERE only_row = 1");
  if (!last_id) return base::fail(std::move(last_id.error()));
  auto depth = database_.integer("SELECT depth FROM queue_state WHERE only_row = 1");
  if (!depth) return base::fail(std::move(depth.error()));
  auto highest = database_.integer("SELECT coalesce(max(id), 0) FROM messages");
  if (!highest) return base::fail(std::move(highest.error()));
  last_id_ = std::max({*last_id, *highest, last_id_at_least});
  depth_ = *depth;
  return {};
}

base::Status QueueFile::write(std::span<Incoming> messages, std::span<const IdRange> erase) {
  auto written = write_all(messages, erase);
  if (!written) statements_.arrivals.forget();
  return written;
}

base::Status QueueFile::write_all(std::span<Incoming> messages, std::span<const IdRange> erase_ranges) {
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return base::fail(std::move(transaction.error()));
  std::int64_t id = last_id_;
  std::int64_t depth = depth_ + static_cast<std::int64_t>(messages.size());
  for (const IdRange& range : erase_ranges) {
    if (auto done = erase(range, depth); !done) return done;
  }
  for (Incoming& incoming : messages) {
    incoming.id = ++id;
    if (auto done = insert(incoming); !done) return done;
  }
  if (auto counted = statements_.arrivals.save(); !counted) return counted;
  statements_.save_state.bind(1, id);
  statements_.save_state.bind(2, depth);
  if (auto saved = statements_.save_state.run(); !saved) return saved;
  if (!messages.empty()) base::failpoint(base::Failpoint::queue_sqlite_enqueue_before_commit);
  if (!erase_ranges.empty()) base::failpoint(base::Failpoint::queue_sqlite_erase_before_commit);
  if (auto committed = transaction->commit(); !committed) return committed;
  if (!messages.empty()) base::failpoint(base::Failpoint::queue_sqlite_enqueue_after_commit);
  if (!erase_ranges.empty()) base::failpoint(base::Failpoint::queue_sqlite_erase_after_commit);
  last_id_ = id;
  depth_ = depth;
  return {};
}

base::Status QueueFile::erase(const IdRange& range, std::int64_t& depth) {
  sqlite::Statement& statement = statements_.erase;
  statement.bind(1, range.first);
  statement.bind(2, range.last);
  for (;;) {
    auto row = statement.step();
    if (!row || !*row) {
      statement.reset();
      return row ? base::Status() : base::fail(std::move(row.error()));
    }
    statements_.arrivals.settled(base::WallTime(std::chrono::microseconds(statement.integer(0))), range.waived);
    --depth;
  }
}

base::Status QueueFile::insert(const Incoming& incoming) {
  sqlite::Statement& statement = statements_.insert;
  statement.bind(1, incoming.id);
  statement.bind(2, incoming.message.received_at.time_since_epoch().count());
  statement.bind_blob(3, incoming.message.message_id);
  statement.bind_blob(4, incoming.message.body);
  if (auto done = statement.run(); !done) return done;
  statements_.arrivals.received(incoming.message.received_at, incoming.message.again);
  return {};
}

base::Status QueueFile::quick_check() {
  return sqlite::look_through(database_, "queue", static_cast<std::int64_t>(kCheckedBytesMax / page_bytes_));
}

base::Status QueueFile::checkpoint(bool always) {
  const std::uint64_t pages = database_.wal_pages();
  if (pages < copied_pages_) copied_pages_ = 0;  // the log has begun anew
  const std::uint64_t fresh = pages - copied_pages_;
  if (fresh == 0 || (!always && fresh < checkpoint_pages_)) return {};
  // A reader in the middle of a page of messages keeps the log from beginning anew; past the half, wait for it.
  const auto mode = pages > wal_pages_max_ / 2 ? sqlite::CheckpointMode::restart : sqlite::CheckpointMode::passive;
  base::failpoint(base::Failpoint::queue_sqlite_checkpoint_before);
  auto report = database_.checkpoint(mode);
  if (!report) {
    // Readers held out for longer than the busy timeout: the next round tries again.
    if (report.error().kind == base::ErrorKind::conflict) return {};
    return base::fail(std::move(report.error()));
  }
  base::failpoint(base::Failpoint::queue_sqlite_checkpoint_after);
  copied_pages_ = report->copied_pages;
  return {};
}

base::Status QueueFile::checkpoint_for_closing() {
  auto report = database_.checkpoint(sqlite::CheckpointMode::truncate);
  if (!report) return base::fail(std::move(report.error()));
  return {};
}

base::Result<bool> QueueFile::give_back(std::int64_t pages, bool idle) {
  auto row = statements_.count_free.step();
  const std::int64_t free = row && *row ? statements_.count_free.integer(0) : 0;
  statements_.count_free.reset();
  if (!row) return base::fail(std::move(row.error()));
  const std::int64_t keep = idle ? kFreePagesIdle : kFreePagesBusy;
  if (free <= keep) return false;
  const std::int64_t step = std::min(pages, free - keep);
  if (auto done = database_.execute("PRAGMA incremental_vacuum(" + std::to_string(step) + ")"); !done) {
    return base::fail(std::move(done.error()));
  }
  return free - step > keep;
}

}  // namespace twinshift::queue
