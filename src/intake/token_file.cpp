#include "intake/token_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/descriptor.hpp"

namespace twinshift::intake {
namespace {

using base::ErrorKind;

std::array<std::int64_t, 6> mark_of(const struct stat& s) {
  return {static_cast<std::int64_t>(s.st_ino),
          s.st_size,
          s.st_mtim.tv_sec,
          s.st_mtim.tv_nsec,
          s.st_ctim.tv_sec,
          s.st_ctim.tv_nsec};
}

std::unexpected<base::Error> cannot_read(const std::string& path, const std::string& why) {
  return base::fail(ErrorKind::unavailable, "The file of tokens cannot be read: " + why, path,
                    "Check WEBHOOK_TOKENS_FILE, and let the service's user read the file");
}

base::Result<std::string> read_all(int fd, const std::string& path) {
  std::string out;
  std::array<char, 16 * 1024> buffer{};
  for (;;) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot_read(path, std::generic_category().message(errno));
    if (count == 0) return out;
    out.append(buffer.data(), static_cast<std::size_t>(count));
    if (out.size() > TokenFile::kBytesMax) return cannot_read(path, "it is larger than 4 MiB");
  }
}

}  // namespace

base::Result<std::optional<std::vector<config::AppToken>>> TokenFile::read_if_changed() {
  struct stat status{};
  const int looked = ::stat(path_.c_str(), &status);
  const int why = looked == 0 ? 0 : errno;
  const Mark now = looked == 0 ? mark_of(status) : Mark{};
  if (seen_ == now) return std::nullopt;
  seen_ = now;
  if (why != 0) return cannot_read(path_.string(), std::generic_category().message(why));
  // Non-blocking: opening a pipe that nobody writes to would wait for ever.
  const base::Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
    return cannot_read(path_.string(), std::generic_category().message(errno));
  }
  if (!S_ISREG(status.st_mode)) return cannot_read(path_.string(), "it is no regular file");
  seen_ = mark_of(status);
  auto text = read_all(file.get(), path_.string());
  if (!text) return base::fail(std::move(text.error()));
  auto tokens = config::parse_token_lines(*text, path_.string());
  if (!tokens) return base::fail(std::move(tokens.error()));
  return std::optional(std::move(*tokens));
}

}  // namespace twinshift::intake
