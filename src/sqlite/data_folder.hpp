// The folder that holds all of this process's files. One process at a time owns it: SQLite's own locks do not keep two
// instances from lending the same message, so the folder is locked as a whole.
#pragma once

#include <filesystem>
#include <utility>

#include "base/error.hpp"

namespace twinshift::sqlite {

// Only makes the folder (0700) and its parents where there is none: for a command that runs beside the service.
base::Status make_data_folder(const std::filesystem::path& folder);

// Holds the lock `<folder>/twinshift.lock` (an open file description lock by flock(2), so the kernel frees it however
// the process ends) until it is destroyed. The lock file stays: removing it would let two processes lock two files.
class DataFolder {
 public:
  // Creates the folder (0700) and its parents where there is none; a folder that others may read or write keeps its
  // mode and is named in a warning. Errors: conflict (another process owns it; the message names its process id),
  // unavailable.
  static base::Result<DataFolder> open(const std::filesystem::path& folder);

  DataFolder(DataFolder&& other) noexcept : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}
  DataFolder& operator=(DataFolder&& other) noexcept;
  DataFolder(const DataFolder&) = delete;
  DataFolder& operator=(const DataFolder&) = delete;
  ~DataFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  DataFolder(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace twinshift::sqlite
