#include "sqlite/data_folder.hpp"

#include <array>
#include <cctype>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "base/folder_owner.hpp"
#include "base/log.hpp"

namespace twinshift::sqlite {
namespace {

constexpr const char* kLockName = "twinshift.lock";

std::string errno_text() {
  return std::generic_category().message(errno);
}

void warn_if_open_to_others(const std::filesystem::path& folder) {
  struct stat found{};
  if (::stat(folder.c_str(), &found) != 0 || (found.st_mode & 0077U) == 0) return;
  base::log::warn("Other users may reach into the data folder; `chmod 700` closes it").add("path", folder.string());
}

// What the holder wrote: its process id; "unknown" where it has not come to that.
std::string holder_of(int lock) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(lock, text.data(), text.size() - 1, 0);
  std::string digits;
  for (ssize_t i = 0; i < size && std::isdigit(static_cast<unsigned char>(text[i])) != 0; ++i) digits += text[i];
  return digits.empty() ? "unknown" : digits;
}

void write_holder(int lock) {
  const std::string text = std::to_string(::getpid()) + "\n";
  // For people only; the lock itself does not depend on it.
  if (::ftruncate(lock, 0) == 0) (void)!::pwrite(lock, text.data(), text.size(), 0);
}

}  // namespace

base::Status make_data_folder(const std::filesystem::path& folder) {
  std::error_code code;
  if (std::filesystem::is_directory(folder, code)) return {};
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), code);
  // mkdir(2) rather than create_directory: the folder must never have been readable by others, not for a moment.
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return base::fail(base::ErrorKind::unavailable, "cannot create the data folder: " + errno_text(), folder.string(),
                      "Set TWINSHIFT_DATA_DIR to a folder that this user may create and write");
  }
  return {};
}

base::Result<DataFolder> DataFolder::open(const std::filesystem::path& folder) {
  if (auto made = make_data_folder(folder); !made) return base::fail(std::move(made.error()));
  const std::filesystem::path file = folder / kLockName;
  const int lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) {
    const int why = errno;
    const std::string hint = why == EACCES ? base::other_owners_hint(file.string()) : std::string();
    return base::fail(base::ErrorKind::unavailable,
                      "cannot open the lock file: " + std::generic_category().message(why), file.string(),
                      hint.empty() ? "Check that this user may write to the data folder" : hint);
  }
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const int why = errno;
    const std::string holder = holder_of(lock);
    ::close(lock);
    if (why != EWOULDBLOCK) {
      return base::fail(base::ErrorKind::unavailable,
                        "cannot lock the data folder: " + std::generic_category().message(why), file.string(),
                        "Put the data folder on a local disk");
    }
    return base::fail(base::ErrorKind::conflict, "the data folder is in use by another twinshift, process id " + holder,
                      folder.string(),
                      "Stop that process, or give this one a folder of its own with TWINSHIFT_DATA_DIR");
  }
  base::give_to_folders_owner(lock, file.string());
  write_holder(lock);
  warn_if_open_to_others(folder);
  return DataFolder(folder, lock);
}

DataFolder& DataFolder::operator=(DataFolder&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  return *this;
}

DataFolder::~DataFolder() {
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace twinshift::sqlite
