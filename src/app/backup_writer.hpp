// Writes a backup: into <DIR>.partial-<time> beside DIR, fsync'd, renamed to DIR when all of it is there. Not faster
// than it was told, so that intake, which waits for the same disk, feels little of it. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "app/backup_manifest.hpp"
#include "app/backup_sources.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

namespace twinshift::app {

struct BackupPlace {
  std::filesystem::path folder;        // DIR, absolute, without a slash at its end
  std::uint64_t reserve_bytes = 0;     // stays free on its disk
  std::vector<std::string> leftovers;  // of backups that were cut short
};
// Looks whether DIR can take a backup; makes nothing. Errors: `invalid` for what is wrong with DIR itself (not empty,
// inside the data folder, a mount point), not_found (its parent), unavailable.
base::Result<BackupPlace> look_at_place(const std::string& dir, const config::Settings& settings);
// `full` where so many bytes more would not leave the reserve.
base::Status check_room(const BackupPlace& place, std::uint64_t bytes);

class BackupWriter {
 public:
  // `bytes_per_second` 0: as fast as it goes.
  BackupWriter(BackupPlace place, double bytes_per_second) : place_(std::move(place)), rate_(bytes_per_second) {}
  // Removes what is not complete.
  ~BackupWriter();
  BackupWriter(const BackupWriter&) = delete;
  BackupWriter& operator=(const BackupWriter&) = delete;

  base::Status begin(base::WallTime now);
  // Lets go of the part once it is copied.
  base::Status add(FixedPart& part);
  // The files of a folder as they are; those that go meanwhile are left out.
  base::Status add_folder(const std::filesystem::path& folder);
  // Adds the sums, writes the list, renames.
  base::Status finish(Manifest& manifest);

 private:
  using AfterStep = std::function<base::Status(std::uint64_t)>;
  base::Status new_file(const std::string& name, const std::function<base::Status(int file, const AfterStep&)>& fill);
  base::Status add_database(FixedPart& part);
  base::Status add_segments(const FixedPart& part);
  base::Status copy_bytes(int from, std::uint64_t bytes, const std::string& name);
  base::Status put_text(const std::string& name, const std::string& text);
  base::Status make_folders_of(const std::string& name);
  base::Status keep_pace(std::uint64_t bytes);
  base::Status sum_up(Manifest& manifest);

  const BackupPlace place_;
  const double rate_;
  std::filesystem::path partial_;  // empty: nothing to remove
  std::vector<std::string> names_;
  std::vector<std::filesystem::path> folders_;
  base::SteadyTime step_began_{};
};

}  // namespace twinshift::app
