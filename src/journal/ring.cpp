#include "journal/ring.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/folder_owner.hpp"

namespace twinshift::journal {
namespace {

constexpr int kNamesTriedMax = 16;

base::Error disk_error(const char* what, const std::filesystem::path& path, int code) {
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  return {full ? base::ErrorKind::full : base::ErrorKind::unavailable,
          std::string(what) + ": " + std::generic_category().message(code), path.string(),
          full ? "Free some space, or set TRACE_BYTES_MAX=0"
               : "`twinshift trace` will not know of what happens meanwhile; delivery is not affected"};
}

base::Status make_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0) {
    const int made = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (made >= 0) base::give_to_folders_owner(made, folder.string());
    if (made >= 0) ::close(made);
    return {};
  }
  if (errno == EEXIST) return {};
  return base::fail(disk_error("cannot make the journal's folder", folder, errno));
}

std::uint64_t free_bytes(const std::filesystem::path& folder) {
  struct statvfs found{};
  if (::statvfs(folder.c_str(), &found) != 0) return ~std::uint64_t{0};
  return std::uint64_t{found.f_bavail} * found.f_frsize;
}

bool is_deleted(int file) {
  struct stat found{};
  return ::fstat(file, &found) == 0 && found.st_nlink == 0;
}

// Every block's body, too: what is appended behind a torn one could not be found.
bool is_whole(const std::filesystem::path& path) {
  bool sound = true;
  const auto counts = scan_segment(path, [&](const Block& block) { sound = sound && block.is_sound(); });
  return counts && sound && counts->foreign_bytes == 0;
}

}  // namespace

Ring::Ring(WriterOptions options)
    : options_(std::move(options)), segment_bytes_(std::max(options_.bytes_max, kBytesMin) / kSegments) {
  static_assert(kBytesMin / kSegments > kBlockBytesMax);
}

Ring::~Ring() {
  close();
}

void Ring::close() {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
}

base::Status Ring::append(std::string_view block) {
  if (auto opened = open(block.size()); !opened) return opened;
  while (!block.empty()) {
    const ssize_t done = ::write(file_, block.data(), block.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      auto error = disk_error("cannot write the journal", options_.folder, done < 0 ? errno : ENOSPC);
      close();  // it may end in a torn block
      return base::fail(std::move(error));
    }
    written_ += static_cast<std::uint64_t>(done);
    block.remove_prefix(static_cast<std::size_t>(done));
  }
  return {};
}

base::Status Ring::open(std::size_t bytes) {
  if (free_bytes(options_.folder.parent_path()) < options_.disk_reserve + bytes) {
    return base::fail(base::ErrorKind::full, "the disk is nearly full, so the journal is not written",
                      options_.folder.string(), "Free some space: below DISK_RESERVE the rest is kept for delivery");
  }
  if (file_ >= 0 && (written_ + bytes > segment_bytes_ || is_deleted(file_))) close();
  if (!std::exchange(looked_, true)) {
    if (auto done = continue_last(); !done) {
      looked_ = false;
      return done;
    }
    if (file_ >= 0 && written_ + bytes > segment_bytes_) close();
  }
  return file_ >= 0 ? base::Status() : begin_segment();
}

base::Status Ring::continue_last() {
  if (auto made = make_folder(options_.folder); !made) return made;
  const auto files = list_segments(options_.folder);
  if (!files) return base::fail(files.error());
  if (files->empty()) return {};
  const SegmentFile& last = files->back();
  last_number_ = last.number;
  if (last.bytes >= segment_bytes_ || !is_whole(last.path)) return {};
  file_ = ::open(last.path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
  written_ = last.bytes;
  return {};  // where it cannot be opened, a new one begins
}

base::Status Ring::begin_segment() {
  if (auto made = make_folder(options_.folder); !made) return made;  // somebody may have removed it
  if (auto room = make_room(segment_bytes_); !room) return room;
  std::filesystem::path path;
  // What stands under the next name need not be a file that was listed.
  for (int tries = 0; file_ < 0 && tries < kNamesTriedMax; ++tries) {
    path = segment_path(options_.folder, ++last_number_);
    file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file_ < 0 && errno != EEXIST) break;
  }
  if (file_ < 0) return base::fail(disk_error("cannot begin a segment of the journal", path, errno));
  base::give_to_folders_owner(file_, path.string());
  written_ = 0;
  return {};
}

// The oldest go until `bytes` more fit into the ring.
base::Status Ring::make_room(std::uint64_t bytes) {
  const auto files = list_segments(options_.folder);
  if (!files) return base::fail(files.error());
  std::uint64_t sum = bytes;
  for (const SegmentFile& file : *files) {
    sum += file.bytes;
    last_number_ = std::max(last_number_, file.number);
  }
  const std::uint64_t bytes_max = std::max(options_.bytes_max, kBytesMin);
  for (const SegmentFile& file : *files) {
    if (sum <= bytes_max) break;
    if (::unlink(file.path.c_str()) != 0 && errno != ENOENT) {
      return base::fail(disk_error("cannot remove an old segment of the journal", file.path, errno));
    }
    sum -= file.bytes;
  }
  return {};
}

}  // namespace twinshift::journal
