#include "sqlite/snapshot.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include <sqlite3.h>

namespace twinshift::sqlite {
namespace {

// For a moment's lock, while a log is begun anew.
constexpr std::chrono::milliseconds kBusyMax{2'000};

struct Finish {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

// sqlite3_backup_step() gives a code alone. What cannot be written is the copy's, what cannot be read the source's.
base::Error step_error(int code, const Database& copy, const Database& source) {
  const std::string message = std::string("cannot copy a database: ") + sqlite3_errstr(code);
  switch (code & 0xFF) {
    case SQLITE_FULL:
      return {base::ErrorKind::full, message, copy.path(), "Free disk space there, or give the backup another disk"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {base::ErrorKind::corrupt, message, source.path(),
              "The file is damaged: look at docs/repair.md for a warehouse, at the disk for any other"};
    default:
      return {base::ErrorKind::unavailable, message, copy.path(),
              "Look at both disks (" + source.path() + " is what was copied), then try again"};
  }
}

// A copy is one file: no -wal and -shm beside it, also for whoever opens it to read. Its next owner sets WAL again.
base::Status leave_wal(const std::string& path) {
  auto copy = Database::open(path, OpenMode::read_write);
  if (!copy) return base::fail(std::move(copy.error()));
  auto mode = copy->text("PRAGMA journal_mode=DELETE");
  if (!mode) return base::fail(std::move(mode.error()));
  if (*mode == "delete") return {};
  return base::fail(base::ErrorKind::unavailable, "a copy could not be closed without a log (got " + *mode + ")", path,
                    "Give the backup a folder on a local disk");
}

}  // namespace

base::Result<Snapshot> Snapshot::open(const std::string& path) {
  auto source = Database::open(path, OpenMode::read_only);
  if (!source) return base::fail(std::move(source.error()));
  source->set_busy_timeout(kBusyMax);
  return Snapshot(std::move(*source));
}

base::Status Snapshot::begin() {
  if (source_->in_transaction()) {
    if (auto ended = source_->execute("ROLLBACK"); !ended) return ended;
  }
  if (auto begun = source_->execute("BEGIN"); !begun) return begun;
  // The first read is what fixes it (lang_transaction.html).
  const auto pages = source_->integer("SELECT page_count FROM pragma_page_count, (SELECT count(*) FROM sqlite_schema)");
  if (!pages) return base::fail(pages.error());
  const auto page_bytes = source_->integer("PRAGMA page_size");
  if (!page_bytes) return base::fail(page_bytes.error());
  page_bytes_ = static_cast<std::uint64_t>(*page_bytes);
  bytes_ = static_cast<std::uint64_t>(*pages) * page_bytes_;
  return {};
}

base::Status Snapshot::copy_pages(Database& copy, const AfterStep& after_step) {
  const std::unique_ptr<sqlite3_backup, Finish> backup(
      sqlite3_backup_init(copy.handle(), "main", source_->handle(), "main"));
  if (!backup) return base::fail(copy.last_error("cannot begin to copy a database"));
  const int pages = static_cast<int>(std::max<std::uint64_t>(1, kStepBytes / page_bytes_));
  for (;;) {
    // Within the transaction of begin(), so it never has to start over.
    const int code = sqlite3_backup_step(backup.get(), pages);
    if (code != SQLITE_OK && code != SQLITE_DONE) return base::fail(step_error(code, copy, *source_));
    if (auto go_on = after_step(static_cast<std::uint64_t>(pages) * page_bytes_); !go_on) return go_on;
    if (code == SQLITE_DONE) return {};
  }
}

base::Status Snapshot::copy_to(const std::string& path, const AfterStep& after_step) {
  {
    auto copy = Database::open(path, OpenMode::create);
    if (!copy) return base::fail(std::move(copy.error()));
    // Written once, and thrown away where that fails.
    if (auto set = copy->execute("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF"); !set) return set;
    if (auto copied = copy_pages(*copy, after_step); !copied) return copied;
  }
  return leave_wal(path);
}

}  // namespace twinshift::sqlite
