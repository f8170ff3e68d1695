// The quarantine in one SQLite file of its own, written by one thread: what waits when a commit ends shares the next.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "quarantine/quarantine.hpp"

namespace twinshift::quarantine {

struct SqliteQuarantineOptions {
  std::string path;
  // Events that wait for a commit; beyond it put() answers `full`. Where none waits a put of any size is taken: it
  // would be refused for ever otherwise. The file itself has no bound but the disk's.
  std::size_t inbox_events_max = 10'000;
  std::size_t inbox_bytes_max = 64'000'000;
  const base::Clock* clock = &base::system_clock();
};

// Creates the file where there is none. Errors: conflict (a newer format, or not one of our files), corrupt, full,
// unavailable.
base::Result<std::unique_ptr<Quarantine>> open_sqlite_quarantine(SqliteQuarantineOptions options);

// Read-only, also while another process writes the file. not_found where there is no file yet.
base::Result<std::unique_ptr<Reader>> open_sqlite_quarantine_reader(const std::string& path);

}  // namespace twinshift::quarantine
