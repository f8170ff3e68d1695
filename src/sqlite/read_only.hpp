// One read-only statement on a connection of its own: what a person types, or a check. It can change nothing: the file
// is opened read-only, and SQLite itself says whether the statement could write.
//
// Any thread may call it; beside a writer in this or another process, too (WAL readers do not hold it up).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace twinshift::sqlite {

struct ReadLimits {
  std::size_t rows_max = 1000;
  std::chrono::milliseconds time_max{60'000};  // of the whole call; an old snapshot keeps the WAL from being reused
  std::chrono::milliseconds busy_timeout{5'000};
};

// Values as text: NULL is nothing, a blob its hex digits, a real number SQLite's own 15 digits.
struct ReadResult {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
  bool cut = false;  // there was more
};

// Errors: `invalid` for what is not one read-only statement (ATTACH and PRAGMA with a value are refused, too),
// `cancelled` beyond the time limit, not_found where there is no file, else as Database.
base::Result<ReadResult> read_only_query(const std::string& path, const std::string& sql, const ReadLimits& limits);

}  // namespace twinshift::sqlite
