#include "sqlite/stamped_file.hpp"

#include <utility>

namespace twinshift::sqlite {
namespace {

using base::ErrorKind;

// The version of a file of ours; 0 also where there is nothing in it: a start that was killed may leave pages (WAL mode
// is noted in the first), but no table and no stamp.
base::Result<std::int64_t> read_version(Database& database, const FileFormat& format) {
  auto id = database.integer("PRAGMA application_id");
  if (!id) return id;
  auto version = database.integer("PRAGMA user_version");
  if (!version) return version;
  auto tables = database.integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables;
  if (*id == 0 && *tables == 0) return 0;
  const std::string what(format.what);
  if (*id != format.application_id) {
    return base::fail(ErrorKind::conflict, "this database is none of ours (" + what + ")", database.path(),
                      "Set TWINSHIFT_DATA_DIR to a folder of its own");
  }
  if (*version < 0 || *version > format.version()) {
    return base::fail(ErrorKind::conflict,
                      "the file (" + what + ") has format version " + std::to_string(*version) +
                          ", this program knows versions up to " + std::to_string(format.version()),
                      database.path(), std::string(format.newer_cure));
  }
  return version;
}

base::Result<StampedFile> open_checked(const std::string& path, OpenMode mode, const FileFormat& format) {
  auto database = Database::open(path, mode);
  if (!database) return base::fail(std::move(database.error()));
  database->set_busy_timeout(format.busy_timeout);
  auto version = read_version(*database, format);
  if (!version) return base::fail(std::move(version.error()));
  return StampedFile{std::move(*database), *version};
}

// Before WAL mode, which notes itself in the first page.
base::Status shape_pages(Database& database, const FileFormat& format) {
  std::string sql;
  if (format.page_bytes != 0) sql += "PRAGMA page_size=" + std::to_string(format.page_bytes) + ';';
  if (format.incremental_vacuum) sql += "PRAGMA auto_vacuum=INCREMENTAL;";
  return database.execute(sql);
}

std::string stamp_sql(const FileFormat& format) {
  return "PRAGMA application_id=" + std::to_string(format.application_id) +
         "; PRAGMA user_version=" + std::to_string(format.version());
}

}  // namespace

base::Result<StampedFile> open_stamped(const std::string& path, const FileFormat& format) {
  auto file = open_checked(path, OpenMode::create, format);
  if (!file) return file;
  if (file->version == 0) {
    if (auto shaped = shape_pages(file->database, format); !shaped) return base::fail(std::move(shaped.error()));
  }
  if (auto wal = file->database.use_durable_wal(); !wal) return base::fail(std::move(wal.error()));
  return file;
}

base::Result<StampedFile> open_stamped_for_reading(const std::string& path, const FileFormat& format) {
  auto file = open_checked(path, OpenMode::read_only, format);
  if (!file || file->version > 0) return file;
  return base::fail(ErrorKind::not_found, "there is nothing in the file (" + std::string(format.what) + ")", path);
}

base::Status bring_up_to_date(StampedFile& file, const FileFormat& format, const std::function<base::Status()>& last) {
  if (file.version == format.version()) return {};
  auto transaction = Transaction::begin(file.database);
  if (!transaction) return base::fail(std::move(transaction.error()));
  for (const char* step : format.steps.subspan(static_cast<std::size_t>(file.version))) {
    if (auto done = file.database.execute(step); !done) return done;
  }
  if (auto stamped = file.database.execute(stamp_sql(format)); !stamped) return stamped;
  if (last) {
    if (auto done = last(); !done) return done;
  }
  return transaction->commit();
}

base::Status look_through(Database& database, std::string_view what, std::int64_t pages_max) {
  auto pages = database.integer("PRAGMA page_count");
  if (!pages) return base::fail(std::move(pages.error()));
  if (*pages > pages_max) return {};
  auto found = database.text("PRAGMA quick_check(1)");
  if (!found) return base::fail(std::move(found.error()));
  if (*found == "ok") return {};
  return base::fail(ErrorKind::corrupt, "the " + std::string(what) + "'s file is damaged: " + *found, database.path(),
                    "Stop, keep a copy of the file and its -wal, then restore it or start with an empty one");
}

}  // namespace twinshift::sqlite
