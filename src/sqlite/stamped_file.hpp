// A database file of ours: whose it is and of which format stands in it (PRAGMA application_id and user_version), by
// which it is recognised, made, or taken over from an older version. Each format: docs/formats/. One thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "sqlite/database.hpp"

namespace twinshift::sqlite {

// Texts and steps must outlive it: literals.
struct FileFormat {
  std::int64_t application_id = 0;
  std::string_view what;  // for messages: "quarantine"
  // steps[v] brings a file from version v to v + 1; 0 is a file with nothing in it. A step that has been released is
  // never changed.
  std::span<const char* const> steps;
  std::chrono::milliseconds busy_timeout{0};  // how long to wait for another connection's lock
  // What only a file without tables can be given.
  std::uint32_t page_bytes = 0;     // 0: SQLite's own
  bool incremental_vacuum = false;  // free pages are given back by PRAGMA incremental_vacuum
  std::string_view newer_cure = "Start the newer twinshift that wrote it";

  [[nodiscard]] constexpr std::int64_t version() const { return static_cast<std::int64_t>(steps.size()); }
};

struct StampedFile {
  Database database;
  std::int64_t version = 0;  // as it was found
};

// Creates the file where there is none, and sets durable WAL; what is in it stays as it is. Errors: conflict (not ours,
// or of a newer version: left as it is), corrupt, full, unavailable.
base::Result<StampedFile> open_stamped(const std::string& path, const FileFormat& format);

// Changes nothing, also in an older version. Errors as above; not_found where there is no file, or nothing in it.
base::Result<StampedFile> open_stamped_for_reading(const std::string& path, const FileFormat& format);

// The steps that the file lacks, and the stamp, in one transaction; `last` runs at the end of it, and its error undoes
// all. Nothing happens where no step is missing.
base::Status bring_up_to_date(StampedFile& file, const FileFormat& format,
                              const std::function<base::Status()>& last = {});

// PRAGMA quick_check, for a file that had an I/O error; one of more pages is taken as it is. `corrupt` where it is
// damaged. `what` as above.
base::Status look_through(Database& database, std::string_view what, std::int64_t pages_max);

}  // namespace twinshift::sqlite
