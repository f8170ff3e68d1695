#include "journal/segment_files.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/descriptor.hpp"

namespace twinshift::journal {
namespace {

constexpr std::string_view kSuffix = ".log";
// 15 digits: longer names are none of ours, and the next number always exists.
constexpr std::size_t kNameBytesMax = 15 + kSuffix.size();

std::optional<std::uint64_t> number_of(const std::string& name) {
  if (name.size() > kNameBytesMax || !name.ends_with(kSuffix)) return std::nullopt;
  std::uint64_t number = 0;
  const char* const end = name.data() + name.size() - kSuffix.size();
  const auto [stopped, fault] = std::from_chars(name.data(), end, number);
  return fault == std::errc() && stopped == end ? std::optional(number) : std::nullopt;
}

base::Error unreadable(const std::filesystem::path& path, int code) {
  return {base::ErrorKind::unavailable, "cannot be read: " + std::generic_category().message(code), path.string(),
          "Run the command as the service's user"};
}

// So much at once stays in a processor's own cache until it is gone through: three times as quick as 2 MB.
constexpr std::size_t kReadBytes = std::size_t{256} << 10U;

// A piece of the file in memory that moves on.
class Window {
 public:
  explicit Window(int file) : file_(file) {}

  // At least `size` bytes from here on, where the file has so many; all that are in memory.
  base::Result<std::string_view> need(std::size_t size) {
    if (filled_ - at_ < size && !ended_) {
      std::memmove(buffer_.get(), buffer_.get() + at_, filled_ - at_);
      filled_ -= std::exchange(at_, 0);
      if (auto done = fill(size); !done) return base::fail(std::move(done.error()));
    }
    return std::string_view(buffer_.get() + at_, filled_ - at_);
  }
  void skip(std::size_t size) { at_ += size; }

 private:
  base::Status fill(std::size_t size) {
    while (filled_ < size) {
      const std::size_t room = std::min(kWindowBytes - filled_, kReadBytes);
      const ssize_t got = ::read(file_, buffer_.get() + filled_, room);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return base::fail(unreadable({}, errno));
      ended_ = got == 0;
      if (ended_) break;
      filled_ += static_cast<std::size_t>(got);
    }
    return {};
  }

  const int file_;
  // Not set to zero first: most of it may never be used.
  const std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(kWindowBytes);
  std::size_t at_ = 0;
  std::size_t filled_ = 0;
  bool ended_ = false;
};

// How far to the next place where a block may begin.
std::size_t distance_to_next(std::string_view bytes) {
  for (std::size_t at = bytes.find(kMagic, 1); at != std::string_view::npos; at = bytes.find(kMagic, at + 1)) {
    if (at % kAlign == 0) return at;
  }
  // A magic may lie across the end.
  return bytes.size() > kAlign ? (bytes.size() - 1) / kAlign * kAlign : bytes.size();
}

base::Status scan(Window& window, const ShowBlock& show, ScanCounts& counts) {
  for (std::uint64_t scanned = 0; scanned < kScanBytesMax;) {
    const auto bytes = window.need(kHeadBytes);
    if (!bytes) return base::fail(bytes.error());
    if (bytes->empty()) return {};
    const auto head = read_head(*bytes);
    const std::size_t size = head ? kHeadBytes + head->body_bytes : 0;
    const auto whole = head ? window.need(size) : bytes;
    if (!whole) return base::fail(whole.error());
    if (!head || whole->size() < size) {
      const std::size_t skipped = distance_to_next(*whole);
      counts.foreign_bytes += skipped;
      scanned += skipped;
      window.skip(skipped);
      continue;
    }
    show(Block(*head, whole->substr(kHeadBytes, head->body_bytes)));
    ++counts.blocks;
    scanned += size;
    window.skip(size);
  }
  return {};
}

}  // namespace

base::Result<std::vector<SegmentFile>> list_segments(const std::filesystem::path& folder) {
  std::error_code fault;
  std::vector<SegmentFile> files;
  std::filesystem::directory_iterator entries(folder, fault);
  for (; !fault && entries != std::filesystem::directory_iterator(); entries.increment(fault)) {
    const auto number = number_of(entries->path().filename().string());
    std::error_code ignored;
    if (!number || !entries->is_regular_file(ignored) || entries->is_symlink(ignored)) continue;
    const std::uintmax_t bytes = entries->file_size(ignored);
    files.push_back({*number, entries->path(), ignored ? 0 : bytes});
  }
  if (fault == std::errc::no_such_file_or_directory) {
    return base::fail(base::ErrorKind::not_found, "there is no journal", folder.string());
  }
  if (fault) return base::fail(unreadable(folder, fault.value()));
  std::ranges::sort(files, {}, &SegmentFile::number);
  return files;
}

std::filesystem::path segment_path(const std::filesystem::path& folder, std::uint64_t number) {
  return folder / fmt::format("{:08}{}", number, kSuffix);
}

base::Result<ScanCounts> scan_segment(const std::filesystem::path& path, const ShowBlock& show) {
  const base::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0) return base::fail(unreadable(path, errno));
  Window window(file.get());
  ScanCounts counts;
  auto scanned = scan(window, show, counts);
  if (!scanned) {
    scanned.error().where = path.string();
    return base::fail(std::move(scanned.error()));
  }
  return counts;
}

}  // namespace twinshift::journal
