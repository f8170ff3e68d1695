#include "warehouse/drivers/sqlite/connection.hpp"

#include <sys/stat.h>
#include <utility>

#include "warehouse/drivers/sqlite/sqlite_dialect.hpp"

namespace twinshift::warehouse {
namespace {

base::Status set_up(sqlite::Database& database, std::chrono::milliseconds busy_timeout) {
  database.set_busy_timeout(busy_timeout);
  if (auto set = database.execute("PRAGMA page_size=" + std::to_string(kPageBytes)); !set) return set;
  if (auto set = database.use_durable_wal(); !set) return set;
  const auto page = database.integer("PRAGMA page_size");  // of an older file it may be another
  if (!page) return base::fail(page.error());
  return database.execute("PRAGMA cache_size=-" + std::to_string(kCacheKilobytes) +
                          ";PRAGMA wal_autocheckpoint=" + std::to_string(kWalBytes / *page) +
                          ";PRAGMA journal_size_limit=" + std::to_string(kWalBytes));
}

}  // namespace

std::optional<WatchedFile::Identity> WatchedFile::look(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return Identity{status.st_dev, status.st_ino};
}

base::Status WatchedFile::check_before_open() const {
  if (!file_ || look(path_)) return {};
  return base::fail(base::ErrorKind::unavailable, "the warehouse's file is gone", path_);
}

void WatchedFile::remember() {
  file_ = look(path_);
  wal_ = look(path_ + "-wal");
}

bool WatchedFile::is_the_opened_one() const {
  return file_ == look(path_) && wal_ == look(path_ + "-wal");
}

base::Result<Connection> Connection::open(const std::string& path, const std::string& table, sqlite::OpenMode mode,
                                          std::chrono::milliseconds busy_timeout, bool unique) {
  auto database = sqlite::Database::open(path, mode);
  if (!database) return base::fail(std::move(database.error()));
  if (auto done = set_up(*database, busy_timeout); !done) return base::fail(std::move(done.error()));
  auto layout = prepare_table(*database, table, unique);
  if (!layout) return base::fail(std::move(layout.error()));
  auto insert = RowInsert::prepare(*database, table, layout->shape, unique);
  if (!insert) return base::fail(std::move(insert.error()));
  auto marker = database->prepare(insert_marker_sql());
  if (!marker) return base::fail(std::move(marker.error()));
  auto duplicate = database->prepare(insert_duplicate_sql(table));
  if (!duplicate) return base::fail(std::move(duplicate.error()));
  auto erasures = Erasures::prepare(*database, table);
  if (!erasures) return base::fail(std::move(erasures.error()));
  return Connection{std::move(*database),
                    std::move(*layout),
                    std::move(*insert),
                    std::move(*marker),
                    std::move(*duplicate),
                    std::move(*erasures),
                    unique};
}

void Connection::leave_file() {
  // Fails where the disk is gone: then the log beside it still holds everything.
  (void)database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace twinshift::warehouse
