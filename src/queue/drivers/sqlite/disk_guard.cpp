#include "queue/drivers/sqlite/disk_guard.hpp"

#include <limits>
#include <sys/statvfs.h>
#include <utility>

#include "base/log.hpp"

namespace twinshift::queue {
namespace {

constexpr std::chrono::milliseconds kAskEvery{100};

std::uint64_t free_bytes_of(const std::string& folder) {
  struct statvfs found{};
  if (::statvfs(folder.c_str(), &found) != 0) return std::numeric_limits<std::uint64_t>::max();
  return static_cast<std::uint64_t>(found.f_bavail) * found.f_frsize;
}

}  // namespace

base::Status DiskGuard::check() {
  if (reserve_bytes_ == 0) return {};
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (!asked_ || now - *asked_ >= kAskEvery) {
    asked_ = now;
    free_bytes_ = free_bytes_of(folder_);
  }
  const bool was_short = std::exchange(short_, free_bytes_ < reserve_bytes_);
  if (!short_) {
    if (was_short) base::log::info("The disk has room again: events are taken").add("folder", folder_);
    return {};
  }
  base::Error error{base::ErrorKind::full,
                    "only " + std::to_string(free_bytes_ / 1'000'000) +
                        " MB are free on the disk, less than the reserve of " +
                        std::to_string(reserve_bytes_ / 1'000'000) + " MB",
                    folder_, "Free disk space; what is queued is still being delivered"};
  if (!was_short) base::log::error("Events are turned away with 503: the disk is nearly full").add(error);
  return base::fail(std::move(error));
}

}  // namespace twinshift::queue
