#include "backlog/drivers/segments/disk_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <limits>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <utility>

#include "base/folder_owner.hpp"

namespace twinshift::backlog::segments {
namespace {

std::string folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

base::Result<int> open_descriptor(const std::string& path, int flags) {
  for (;;) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (descriptor >= 0) return descriptor;
    if (errno != EINTR) return base::fail(disk_error("cannot be opened", path, errno));
  }
}

}  // namespace

base::Error disk_error(const std::string& what, const std::string& path, int code) {
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  const base::ErrorKind kind = full             ? base::ErrorKind::full
                               : code == ENOENT ? base::ErrorKind::not_found
                                                : base::ErrorKind::unavailable;
  std::string hint = code == EACCES ? base::other_owners_hint(path) : std::string();
  if (hint.empty()) hint = full ? "Free disk space" : "Look at the disk and at the folder's owner; it is tried again";
  return {kind, "a file of the backlog " + what + ": " + std::strerror(code), path, std::move(hint)};
}

base::Result<DiskFile> DiskFile::open(const std::string& path) {
  auto descriptor = open_descriptor(path, O_RDWR);
  if (!descriptor) return base::fail(std::move(descriptor.error()));
  return DiskFile(*descriptor, path);
}

base::Result<DiskFile> DiskFile::create(const std::string& path) {
  auto descriptor = open_descriptor(path, O_RDWR | O_CREAT | O_EXCL);
  if (!descriptor) return base::fail(std::move(descriptor.error()));
  base::give_to_folders_owner(*descriptor, path);
  DiskFile file(*descriptor, path);
  if (auto synced = sync_folder(folder_of(path)); !synced) return base::fail(std::move(synced.error()));
  return file;
}

DiskFile::DiskFile(DiskFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

DiskFile& DiskFile::operator=(DiskFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

DiskFile::~DiskFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

base::Result<std::string> DiskFile::read(std::uint64_t at, std::size_t size) const {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(descriptor_, bytes.data() + done, size - done, static_cast<off_t>(at + done));
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::fail(disk_error("cannot be read", path_, errno));
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

base::Status DiskFile::write(std::uint64_t at, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return base::fail(disk_error("cannot be written", path_, errno));
    at += static_cast<std::uint64_t>(put);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

base::Status DiskFile::sync() {
  while (::fdatasync(descriptor_) != 0) {
    if (errno != EINTR) return base::fail(disk_error("cannot be made durable", path_, errno));
  }
  return {};
}

base::Status DiskFile::truncate(std::uint64_t size) {
  while (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) {
    if (errno != EINTR) return base::fail(disk_error("cannot be cut", path_, errno));
  }
  return sync();
}

base::Result<std::uint64_t> DiskFile::size() const {
  struct stat found{};
  if (::fstat(descriptor_, &found) != 0) return base::fail(disk_error("cannot be looked at", path_, errno));
  return static_cast<std::uint64_t>(found.st_size);
}

bool DiskFile::deleted() const {
  struct stat found{};
  return ::fstat(descriptor_, &found) == 0 && found.st_nlink == 0;
}

void DiskFile::reserve(std::uint64_t size) {
  (void)::fallocate(descriptor_, 0, 0, static_cast<off_t>(size));
}

base::Status make_folder(const std::string& folder) {
  if (::mkdir(folder.c_str(), S_IRWXU) != 0) {
    const int code = errno;
    std::error_code ignored;
    if (code == EEXIST && std::filesystem::is_directory(folder, ignored)) return {};
    return base::fail(disk_error("'s folder cannot be made", folder, code));
  }
  if (const int made = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); made >= 0) {
    base::give_to_folders_owner(made, folder);
    ::close(made);
  }
  return sync_folder(folder_of(folder));
}

base::Status sync_folder(const std::string& folder) {
  auto descriptor = open_descriptor(folder, O_RDONLY | O_DIRECTORY);
  if (!descriptor) return base::fail(std::move(descriptor.error()));
  const int outcome = ::fsync(*descriptor);
  const int code = errno;
  ::close(*descriptor);
  if (outcome != 0) return base::fail(disk_error("'s folder cannot be made durable", folder, code));
  return {};
}

base::Status remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return base::fail(disk_error("cannot be removed", path, errno));
  return sync_folder(folder_of(path));
}

base::Status rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) {
    return base::fail(disk_error("cannot be renamed", from, errno));
  }
  return sync_folder(folder_of(to));
}

bool is_missing(const std::string& path) {
  struct stat found{};
  return ::lstat(path.c_str(), &found) != 0 && errno == ENOENT;
}

std::uint64_t free_bytes(const std::string& folder) {
  struct statvfs found{};
  if (::statvfs(folder.c_str(), &found) != 0) return std::numeric_limits<std::uint64_t>::max();
  return static_cast<std::uint64_t>(found.f_bavail) * found.f_frsize;
}

}  // namespace twinshift::backlog::segments
