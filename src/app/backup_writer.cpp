#include "app/backup_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "app/version.hpp"
#include "base/descriptor.hpp"
#include "base/time_text.hpp"

namespace twinshift::app {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;
using base::Status;

constexpr const char* kMoreRoom = "Free disk space there, or give the backup another disk";
constexpr const char* kPartial = ".partial-";
constexpr std::size_t kStepBytes = 1'000'000;
constexpr std::chrono::seconds kPauseMax{10};
// So much waits for the disk at most, so that no fsync of the service waits behind a whole file.
constexpr std::uint64_t kUnsyncedBytesMax = 4'000'000;

std::unexpected<base::Error> disk_error(const std::string& what, const fs::path& path, int why) {
  const bool full = why == ENOSPC || why == EDQUOT || why == EFBIG;
  return base::fail(
      full ? ErrorKind::full : ErrorKind::unavailable, what + ": " + std::strerror(why), path.string(),
      full ? kMoreRoom : "Check that this user may write there and that the disk works, or give another folder");
}

Status write_all(int file, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(file, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return disk_error("a file of the backup cannot be written", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Status sync_path(const fs::path& path, int flags) {
  const base::Descriptor file(::open(path.c_str(), flags | O_RDONLY | O_CLOEXEC));
  if (file.get() < 0 || ::fsync(file.get()) != 0) return disk_error("the backup cannot be made durable", path, errno);
  return {};
}

std::uint64_t free_bytes(const fs::path& path) {
  struct statvfs found{};
  if (::statvfs(path.c_str(), &found) != 0) return UINT64_MAX;
  return static_cast<std::uint64_t>(found.f_bavail) * found.f_frsize;
}

bool on_one_disk(const fs::path& one, const fs::path& other) {
  struct stat a{};
  struct stat b{};
  return ::stat(one.c_str(), &a) == 0 && ::stat(other.c_str(), &b) == 0 && a.st_dev == b.st_dev;
}

// SQLite tells a disk that takes no further file as a file that it cannot open.
base::Error copy_error(base::Error error, const fs::path& path) {
  struct statvfs found{};
  const bool no_names = ::statvfs(path.c_str(), &found) == 0 && found.f_files != 0 && found.f_favail == 0;
  if (error.kind == ErrorKind::unavailable && no_names) {
    error.kind = ErrorKind::full;
    error.message += " (the disk takes no further file)";
  }
  if (error.kind == ErrorKind::full && error.where == path.string()) error.hint = kMoreRoom;
  return error;
}

std::unexpected<base::Error> wrong_place(const char* what, const fs::path& folder) {
  return base::fail(ErrorKind::invalid, what, folder.string(), "Give --to a folder that is new, or empty");
}

bool is_within(const fs::path& path, const fs::path& folder) {
  std::error_code ignored;
  const fs::path relative =
      fs::weakly_canonical(path, ignored).lexically_relative(fs::weakly_canonical(folder, ignored));
  return !relative.empty() && *relative.begin() != "..";
}

Status check_folder(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(folder, error))) return {};
  if (!fs::is_directory(fs::symlink_status(folder, error))) return wrong_place("there is a file of this name", folder);
  const bool empty = fs::is_empty(folder, error);
  if (error) return disk_error("the folder cannot be read", folder, error.value());
  if (!empty) return wrong_place("the folder is not empty: nothing was changed", folder);
  if (!on_one_disk(folder, folder.parent_path())) {
    return base::fail(ErrorKind::invalid, "a disk is mounted at this folder: a backup cannot take its place",
                      folder.string(), "Give --to a new folder below it");
  }
  return {};
}

std::vector<std::string> leftovers_of(const fs::path& folder) {
  std::vector<std::string> found;
  const std::string beginning = folder.filename().string() + kPartial;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder.parent_path(), error)) {
    if (entry.path().filename().string().starts_with(beginning)) found.push_back(entry.path().string());
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

base::Result<BackupPlace> look_at_place(const std::string& dir, const config::Settings& settings) {
  BackupPlace place;
  place.folder = fs::absolute(dir).lexically_normal();
  if (!place.folder.has_filename()) place.folder = place.folder.parent_path();
  const fs::path parent = place.folder.parent_path();
  if (is_within(place.folder, settings.data_dir)) {
    return base::fail(ErrorKind::invalid, "the folder is inside the data folder", place.folder.string(),
                      "Give --to a folder elsewhere, best on another disk");
  }
  std::error_code error;
  if (!fs::is_directory(parent, error)) {
    if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory) {
      return disk_error("the folder to make the backup in cannot be looked at", parent, error.value());
    }
    return base::fail(ErrorKind::not_found, "there is no such folder to make the backup in", parent.string(),
                      "Make it, or correct --to");
  }
  if (auto good = check_folder(place.folder); !good) return base::fail(std::move(good.error()));
  if (on_one_disk(parent, settings.data_dir)) place.reserve_bytes = settings.disk_reserve;
  place.leftovers = leftovers_of(place.folder);
  return place;
}

base::Status check_room(const BackupPlace& place, std::uint64_t bytes) {
  const std::uint64_t free = free_bytes(place.folder.parent_path());
  if (free >= place.reserve_bytes && free - place.reserve_bytes >= bytes) return {};
  constexpr std::uint64_t kMegabyte = 1'000'000;
  return base::fail(
      ErrorKind::full,
      fmt::format("the backup needs {} MB more, and {} MB are free{}", bytes / kMegabyte + 1, free / kMegabyte,
                  place.reserve_bytes == 0 ? std::string()
                                           : fmt::format(", of which the service keeps {} MB (DISK_RESERVE)",
                                                         place.reserve_bytes / kMegabyte)),
      place.folder.parent_path().string(), kMoreRoom);
}

BackupWriter::~BackupWriter() {
  std::error_code ignored;
  if (!partial_.empty()) fs::remove_all(partial_, ignored);
}

base::Status BackupWriter::begin(base::WallTime now) {
  std::string time = base::iso8601_ms(now);
  std::erase_if(time, [](char c) { return c == '-' || c == ':' || c == '.'; });
  const fs::path partial = place_.folder.string() + kPartial + time;
  if (::mkdir(partial.c_str(), S_IRWXU) != 0) return disk_error("the backup's folder cannot be made", partial, errno);
  partial_ = partial;
  folders_.push_back(partial);
  step_began_ = base::system_clock().steady();
  return {};
}

base::Status BackupWriter::keep_pace(std::uint64_t bytes) {
  if (auto room = check_room(place_, 0); !room) return room;
  if (rate_ <= 0) return {};
  const base::SteadyTime now = base::system_clock().steady();
  const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(now - step_began_);
  const std::chrono::duration<double> share(static_cast<double>(bytes) / rate_);
  // Where the disk is slow by itself it is ours for half of the time at most: others wait for it, too.
  const auto pause = std::max(std::chrono::duration_cast<std::chrono::nanoseconds>(share) - took, took);
  std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(pause, kPauseMax));
  step_began_ = base::system_clock().steady();
  return {};
}

base::Status BackupWriter::make_folders_of(const std::string& name) {
  const fs::path folder = (partial_ / name).parent_path();
  if (std::ranges::find(folders_, folder) != folders_.end()) return {};
  if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return disk_error("a folder of the backup cannot be made", folder, errno);
  }
  folders_.push_back(folder);
  return {};
}

// `fill` writes; what it has written goes to the disk step by step.
base::Status BackupWriter::new_file(const std::string& name,
                                    const std::function<Status(int file, const AfterStep&)>& fill) {
  if (auto made = make_folders_of(name); !made) return made;
  const fs::path path = partial_ / name;
  const base::Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  if (file.get() < 0) return disk_error("a file of the backup cannot be made", path, errno);
  std::uint64_t unsynced = 0;
  auto filled = fill(file.get(), [&](std::uint64_t bytes) -> Status {
    unsynced += bytes;
    if (unsynced >= kUnsyncedBytesMax) {
      if (::fdatasync(file.get()) != 0) return disk_error("the backup cannot be made durable", path, errno);
      unsynced = 0;
    }
    return keep_pace(bytes);
  });
  if (!filled) return filled;
  if (::fsync(file.get()) != 0) return disk_error("the backup cannot be made durable", path, errno);
  names_.push_back(name);
  return {};
}

base::Status BackupWriter::add_database(FixedPart& part) {
  const std::string path = (partial_ / part.part.name).string();
  auto done = new_file(part.part.name, [&](int, const AfterStep& after) -> Status {
    auto copied = part.database->copy_to(path, after);
    if (!copied) return base::fail(copy_error(std::move(copied.error()), path));
    return {};
  });
  part.database->release();
  return done;
}

base::Status BackupWriter::copy_bytes(int from, std::uint64_t bytes, const std::string& name) {
  return new_file(name, [&](int file, const AfterStep& after) -> Status {
    std::string step(kStepBytes, '\0');
    for (std::uint64_t at = 0; at < bytes;) {
      const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(kStepBytes, bytes - at));
      const ssize_t got = ::pread(from, step.data(), want, static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return disk_error("what is to be copied cannot be read", name, errno);
      if (got == 0) return {};  // cut off meanwhile: nobody was told that it is durable
      const auto size = static_cast<std::size_t>(got);
      if (auto put = write_all(file, std::string_view(step).substr(0, size), partial_ / name); !put) return put;
      at += size;
      if (auto go_on = after(size); !go_on) return go_on;
    }
    return {};
  });
}

base::Status BackupWriter::put_text(const std::string& name, const std::string& text) {
  return new_file(name, [&](int file, const AfterStep&) { return write_all(file, text, partial_ / name); });
}

base::Status BackupWriter::add_segments(const FixedPart& part) {
  for (const backlog::SegmentSnapshot& segment : part.segments.segments) {
    auto copied = copy_bytes(segment.file.get(), segment.bytes, part.part.name + '/' + segment.name);
    if (!copied) return copied;
  }
  if (part.segments.journal.empty()) return {};
  return put_text(part.part.name + '/' + backlog::kJournalName, part.segments.journal);
}

base::Status BackupWriter::add(FixedPart& part) {
  Status done;
  if (part.part.kind == BackupPart::Kind::database) done = add_database(part);
  if (part.part.kind == BackupPart::Kind::segments) done = add_segments(part);
  if (part.part.kind == BackupPart::Kind::text) done = put_text(part.part.name, part.text);
  part.segments = {};
  return done;
}

base::Status BackupWriter::add_folder(const fs::path& folder) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const base::Descriptor file(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat found{};
    if (file.get() < 0 && errno == ENOENT) continue;
    if (file.get() < 0) return base::fail(unreadable_source(entry.path(), errno));
    if (::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) continue;
    const std::string name = (folder.filename() / entry.path().filename()).string();
    auto copied = copy_bytes(file.get(), static_cast<std::uint64_t>(found.st_size), name);
    if (!copied) return copied;
  }
  if (!error || error == std::errc::no_such_file_or_directory) return {};
  return base::fail(unreadable_source(folder, error.value()));
}

base::Status BackupWriter::sum_up(Manifest& manifest) {
  for (const std::string& name : names_) {
    const auto summed = sha256_of(partial_ / name);
    if (!summed) return base::fail(summed.error());
    manifest.files.push_back({name, summed->bytes, summed->sha256});
  }
  return {};
}

base::Status BackupWriter::finish(Manifest& manifest) {
  if (auto summed = sum_up(manifest); !summed) return summed;
  if (auto put = put_text(kManifestName, text_of(manifest)); !put) return put;
  for (const fs::path& folder : folders_) {
    if (auto synced = sync_path(folder, O_DIRECTORY); !synced) return synced;
  }
  // Takes the place of an empty folder, and of nothing else.
  if (::rename(partial_.c_str(), place_.folder.c_str()) != 0) {
    if (errno == ENOTEMPTY || errno == EEXIST) {
      return base::fail(ErrorKind::conflict, "something else has come to stand there meanwhile, as another backup does",
                        place_.folder.string(),
                        "Look whether that one is whole (--check), or give --to another folder");
    }
    return disk_error("the complete backup cannot be given its name", place_.folder, errno);
  }
  partial_.clear();
  return sync_path(place_.folder.parent_path(), O_DIRECTORY);
}

}  // namespace twinshift::app
