#include "app/open_files.hpp"

#include <string>
#include <sys/resource.h>

#include <fmt/format.h>

#include "base/log.hpp"
#include "http/listener.hpp"

namespace twinshift::app {

base::Status make_room_for_files() {
  http::raise_open_files_limit();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return {};
  return judge_open_files(limit.rlim_cur);
}

base::Status judge_open_files(std::uint64_t most) {
  if (most >= kOwnFiles) return {};
  const std::string hint =
      "Raise the limit of open files to 1024 or more: `ulimit -n`, LimitNOFILE= of the unit, or "
      "ulimits of the container";
  if (most < kOwnFilesMin) {
    return base::fail(base::ErrorKind::full,
                      fmt::format("At most {} files may be open, the service's own are more", most),
                      "limit of open files", hint);
  }
  base::log::warn("Few files may be open: some may fail to open, and few connections are taken")
      .add("openFilesMax", most)
      .add("hint", hint);
  return {};
}

}  // namespace twinshift::app
