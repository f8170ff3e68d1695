#include "pg/wait.hpp"

#include <algorithm>
#include <cerrno>
#include <poll.h>

namespace twinshift::pg {
namespace {

// poll() takes an int; nothing of ours waits for days.
constexpr std::chrono::milliseconds kPollMax{std::chrono::hours(1)};

}  // namespace

short wait_for(int socket, short events, base::SteadyTime deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const auto wait = std::clamp(left, std::chrono::milliseconds(0), kPollMax);
    pollfd entry{.fd = socket, .events = events, .revents = 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(wait.count()));
    if (ready > 0) {
      const bool broken = (entry.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
      const int seen = (entry.revents & (POLLIN | POLLOUT)) | (broken ? POLLIN : 0);
      return static_cast<short>(seen);
    }
    if (ready < 0 && errno != EINTR) return POLLIN;  // whatever it is, the next read tells
    if (ready == 0 && left <= kPollMax) return 0;
  }
}

}  // namespace twinshift::pg
