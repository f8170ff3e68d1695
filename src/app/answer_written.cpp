#include "app/answer_written.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace twinshift::app {

base::Status answer_written() {
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0;
  if (flushed && std::ferror(stdout) == 0) return {};
  const std::string reason = errno != 0 ? std::string(": ") + std::strerror(errno) : std::string();
  return base::fail(base::ErrorKind::unavailable, "the answer could not be written whole" + reason, "standard output",
                    "Is the disk full, or has the reader gone? Run it again");
}

}  // namespace twinshift::app
