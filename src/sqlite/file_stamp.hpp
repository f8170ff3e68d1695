// Whose file an SQLite database is, and of which format: PRAGMA application_id and user_version. One thread at a time.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "sqlite/database.hpp"

namespace twinshift::sqlite {

struct FileStamp {
  std::int64_t application_id = 0;
  std::int64_t version = 1;
  std::string what;               // for messages: "quarantine"
  std::int64_t oldest = version;  // the file's owner takes over versions from this one on
};

// True: the database is empty, so it may be made into such a file. `conflict`: of a version beyond
// these, or not ours.
base::Result<bool> check_stamp(Database& database, const FileStamp& stamp);

// The statements that stamp a new file; part of the transaction that makes its tables.
std::string stamp_sql(const FileStamp& stamp);

}  // namespace twinshift::sqlite
