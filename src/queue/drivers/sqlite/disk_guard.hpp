// Tells whether the disk's reserve is touched, and logs when that begins and ends. Any thread may call it; the file
// system is asked at most every 100 ms.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/error.hpp"

namespace twinshift::queue {

class DiskGuard {
 public:
  // Guards the file system that holds `folder`. Reserve 0: never short.
  DiskGuard(std::string folder, std::uint64_t reserve_bytes)
      : folder_(std::move(folder)), reserve_bytes_(reserve_bytes) {}

  // `full` while less than the reserve is free. A file system that cannot be asked is taken as having room: the write
  // itself will tell.
  base::Status check();

 private:
  const std::string folder_;
  const std::uint64_t reserve_bytes_;
  std::mutex mutex_;
  std::optional<std::chrono::steady_clock::time_point> asked_;
  std::uint64_t free_bytes_ = 0;
  bool short_ = false;
};

}  // namespace twinshift::queue
