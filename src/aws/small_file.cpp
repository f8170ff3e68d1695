#include "aws/small_file.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aws/plain_text.hpp"
#include "base/descriptor.hpp"

namespace twinshift::aws {
namespace {

std::unexpected<base::Error> cannot_read(int error, const std::string& path) {
  const base::ErrorKind kind = error == ENOENT ? base::ErrorKind::not_found : base::ErrorKind::unavailable;
  return base::fail(kind, "Cannot read a file: " + std::string(std::strerror(error)), path,
                    error == ENOENT ? "Check the path" : "Let the service's user read it");
}

}  // namespace

base::Result<std::string> read_small_file(const std::filesystem::path& path) {
  // Non-blocking: opening a pipe that nobody writes to would wait for ever.
  const base::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return cannot_read(errno, path.string());
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return cannot_read(errno, path.string());
  if (!S_ISREG(status.st_mode)) {
    return base::fail(base::ErrorKind::invalid, "Not a regular file", path.string(), "Name a file");
  }
  std::string content;
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot_read(errno, path.string());
    if (count == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(count));
    if (content.size() > kSmallFileBytesMax) {
      return base::fail(base::ErrorKind::invalid,
                        "Larger than " + std::to_string(kSmallFileBytesMax) + " bytes, which no such file is",
                        path.string(), "Check the path");
    }
  }
}

base::Result<std::string> read_token_file(const std::filesystem::path& path) {
  const auto content = read_small_file(path);
  if (!content) return base::fail(content.error());
  const std::string_view token = trimmed(*content);
  if (token.empty() || has_control_character(token)) {
    return base::fail(
        base::ErrorKind::invalid,
        token.empty() ? "The token file is empty" : "The token holds a line end or another control character",
        path.string(), "Check what writes this file");
  }
  return std::string(token);
}

}  // namespace twinshift::aws
