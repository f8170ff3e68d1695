// A file by its descriptor: reads at a place, appends, waits for the disk. One thread may write while others read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace twinshift::backlog::segments {

class DiskFile {
 public:
  // Errors: `not_found`, `unavailable`; create() makes a new file (0600) and waits until its folder holds it.
  static base::Result<DiskFile> open(const std::string& path);
  static base::Result<DiskFile> create(const std::string& path);

  DiskFile(DiskFile&& other) noexcept;
  DiskFile& operator=(DiskFile&& other) noexcept;
  DiskFile(const DiskFile&) = delete;
  DiskFile& operator=(const DiskFile&) = delete;
  ~DiskFile();

  // At most `size` bytes; fewer at the file's end alone.
  base::Result<std::string> read(std::uint64_t at, std::size_t size) const;
  // All of it, or an error: `full` where the disk is, else `unavailable`.
  base::Status write(std::uint64_t at, std::string_view bytes);
  base::Status sync();  // the content, as fdatasync(2)
  base::Status truncate(std::uint64_t size);
  base::Result<std::uint64_t> size() const;
  // Somebody deleted it: what is written ends with the descriptor.
  [[nodiscard]] bool deleted() const;
  // Takes the room now, so that a full disk later stops no write in it. Best effort.
  void reserve(std::uint64_t size);

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  DiskFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  int descriptor_ = -1;
  std::string path_;
};

// 0700, made durable. One that is there is no error.
base::Status make_folder(const std::string& folder);
// What a folder holds, made durable: names that came, went or changed.
base::Status sync_folder(const std::string& folder);
// Renames and removes with the folder synced after it. A name that is not there is no error.
base::Status remove_file(const std::string& path);
base::Status rename_file(const std::string& from, const std::string& to);

// What errno says, as an error of ours.
base::Error disk_error(const std::string& what, const std::string& path, int code);

// False also where its folder's names cannot be asked.
bool is_missing(const std::string& path);

// Free for us on the file system of `folder`; the largest number where it cannot be asked.
std::uint64_t free_bytes(const std::string& folder);

}  // namespace twinshift::backlog::segments
