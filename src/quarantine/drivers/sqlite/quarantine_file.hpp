// The quarantine's file: docs/formats/quarantine.md. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "quarantine/quarantine.hpp"
#include "sqlite/database.hpp"

namespace twinshift::quarantine {

// "TSqa" in PRAGMA application_id; the version stands in PRAGMA user_version.
inline constexpr std::int64_t kApplicationId = 0x54537161;
inline constexpr std::int64_t kFormatVersion = 3;

class QuarantineFile {
 public:
  // Creates it where there is none, takes an older version over. Errors: conflict (not ours, or newer), corrupt, full,
  // unavailable.
  static base::Result<QuarantineFile> open(const std::string& path);
  // Changes nothing, also in an older version; not_found where there is no file.
  static base::Result<QuarantineFile> open_for_reading(const std::string& path);

  // One transaction each; committed (fsync'd) on success.
  base::Status put(const std::vector<const Refused*>& events, base::WallTime now);
  base::Result<std::uint64_t> remove(const std::vector<Ticket>& tickets);

  base::Result<std::vector<Record>> read(const Query& query);
  base::Result<std::map<std::string, std::uint64_t>> count();
  // The messages that the target's records stand for, by the hour of their arrival.
  base::Result<std::map<base::WallTime, std::uint64_t>> count_by_hour(const std::string& target);
  // An error where the file is damaged; large files are taken as they are.
  base::Status check();

 private:
  QuarantineFile(sqlite::Database database, std::int64_t version) : database_(std::move(database)), version_(version) {}
  sqlite::Database database_;
  std::int64_t version_;  // of the file as it was opened
};

}  // namespace twinshift::quarantine
