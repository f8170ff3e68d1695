// What can still be read of a damaged database, in a new one. Slow and thorough: a page that cannot be read costs the
// rows on it, and those below it, nothing else. One thread at a time for a path; nobody else has the files open.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.hpp"

namespace twinshift::sqlite {

// Ranges of rows of one table that turned out to hold a page that cannot be read; each takes some 20 us.
inline constexpr std::uint64_t kUnreadableRangesMax = 200'000;

// What PRAGMA integrity_check says first of a file; nothing where it is sound. Reads all of it, indexes too. Errors:
// not_found, unavailable (the disk).
base::Result<std::optional<std::string>> damage_of(const std::string& path);

struct Salvaged {
  std::uint64_t tables = 0;
  std::uint64_t rows = 0;
  bool lost = false;  // something could not be read: nobody can tell how many rows it held
};

// Copies every table of `damaged`, which it leaves as it is, into the file `into`, together with indexes, views and
// triggers. `into` is made where it is not there; what stands in it already keeps its place where both claim one.
// Durable when it returns, and without a log.
// Errors: those of `into` (full, unavailable); it is incomplete then.
base::Result<Salvaged> salvage(const std::string& damaged, const std::string& into,
                               std::uint64_t unreadable_ranges_max = kUnreadableRangesMax);

// Renames a database and what belongs to it, the log first: until the last step a start finds it at its old place.
// Errors: unavailable.
base::Status rename_database(const std::string& from, const std::string& to);

}  // namespace twinshift::sqlite
