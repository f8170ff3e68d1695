#include "sqlite/file_stamp.hpp"

#include <utility>

namespace twinshift::sqlite {

base::Result<bool> check_stamp(Database& database, const FileStamp& stamp) {
  auto id = database.integer("PRAGMA application_id");
  if (!id) return base::fail(std::move(id.error()));
  auto version = database.integer("PRAGMA user_version");
  if (!version) return base::fail(std::move(version.error()));
  auto tables = database.integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) return base::fail(std::move(tables.error()));
  if (*id == 0 && *tables == 0) return true;
  if (*id == stamp.application_id && *version >= stamp.oldest && *version <= stamp.version) return false;
  if (*id == stamp.application_id) {
    return base::fail(base::ErrorKind::conflict,
                      "the file (" + stamp.what + ") has format version " + std::to_string(*version) +
                          ", this program knows version " + std::to_string(stamp.version),
                      database.path(), "Start the newer twinshift that wrote it");
  }
  return base::fail(base::ErrorKind::conflict, "this database is none of ours (" + stamp.what + ")", database.path(),
                    "Set TWINSHIFT_DATA_DIR to a folder of its own");
}

std::string stamp_sql(const FileStamp& stamp) {
  return "PRAGMA application_id=" + std::to_string(stamp.application_id) +
         "; PRAGMA user_version=" + std::to_string(stamp.version);
}

}  // namespace twinshift::sqlite
