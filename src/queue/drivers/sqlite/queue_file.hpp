// The queue's file: what its one writer does to it. Format: docs/formats/queue-sqlite.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/error.hpp"
#include "queue/drivers/sqlite/arrival_counts.hpp"
#include "queue/event_queue.hpp"
#include "sqlite/database.hpp"

namespace twinshift::queue {

// A message on its way into the file, and who waits for it.
struct Incoming {
  Message message;
  Done done;
  std::int64_t id = 0;  // set by QueueFile::write()
};

// Ids first to last, both included.
struct IdRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
  // Acknowledged while a target was switched off: counted as waived.
  bool waived = false;
};

struct FileOptions {
  std::string path;
  std::uint32_t page_bytes = 8192;
  std::uint64_t wal_bytes_max = 64'000'000;
  std::uint64_t checkpoint_bytes = 8'000'000;
  // Ids below this were given out before, whatever the file says after an I/O error: none is used twice.
  std::int64_t last_id_at_least = 0;
};

// One thread at a time (the writer's).
class QueueFile {
 public:
  // Creates, takes over an older format, checks. Errors as open_sqlite_queue.
  static base::Result<QueueFile> open(const FileOptions& options);

  // One transaction: the messages in, the ranges out. After an error nothing of it is in the file, or, where the commit
  // itself failed, perhaps all of it.
  base::Status write(std::span<Incoming> messages, std::span<const IdRange> erase);
  // Is the file sound? Looks at all of a small file, and at the state row alone of a large one (a full look would keep
  // the queue closed for minutes).
  base::Status quick_check();

  // Copies the log into the file where enough has come together; `always`: where there is anything at all.
  base::Status checkpoint(bool always);
  // After the last write: leaves an empty log behind.
  base::Status checkpoint_for_closing();

  // Gives up to `pages` free pages back to the file system where many are free; `idle`: where more than a few are.
  // True: there is more to give back.
  base::Result<bool> give_back(std::int64_t pages, bool idle);

  [[nodiscard]] std::int64_t last_id() const { return last_id_; }
  [[nodiscard]] std::int64_t depth() const { return depth_; }

 private:
  struct Statements {
    sqlite::Statement insert, erase, save_state, count_free;
    ArrivalCounts arrivals;
  };
  static base::Result<Statements> prepare(sqlite::Database& database);
  QueueFile(sqlite::Database database, const FileOptions& options, Statements statements);
  base::Status erase(const IdRange& range, std::int64_t& depth);
  base::Status insert(const Incoming& incoming);
  base::Status write_all(std::span<Incoming> messages, std::span<const IdRange> erase);
  base::Status load_state(std::int64_t last_id_at_least);

  sqlite::Database database_;
  Statements statements_;
  std::uint64_t page_bytes_ = 0;
  std::uint64_t wal_pages_max_ = 0;
  std::uint64_t checkpoint_pages_ = 0;
  std::uint64_t copied_pages_ = 0;  // of the log, as of the last checkpoint
  std::int64_t last_id_ = 0;
  std::int64_t depth_ = 0;
};

}  // namespace twinshift::queue
