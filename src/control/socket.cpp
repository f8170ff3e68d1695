#include "control/socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

#include "control/control.hpp"

namespace twinshift::control {
namespace {

using base::ErrorKind;

// Peers that are connected and not accepted yet. One more waits in its connect(2).
constexpr int kWaitingMax = 16;

std::unexpected<base::Error> failed(ErrorKind kind, const std::string& what, const std::filesystem::path& folder) {
  const int why = errno;
  return base::fail(kind, what + ": " + std::generic_category().message(why), (folder / kSocketName).string(),
                    why == EACCES ? "Run it as the service's user, or as root" : "");
}

struct Address {
  Descriptor folder;  // keeps the name below /proc valid
  sockaddr_un name{};
};

base::Result<Address> address_in(const std::filesystem::path& folder) {
  Address address{.folder = Descriptor(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), .name = {}};
  if (address.folder.get() < 0) {
    return failed(errno == ENOENT ? ErrorKind::not_found : ErrorKind::unavailable, "cannot open the folder", folder);
  }
  address.name.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(address.folder.get()) + "/" + kSocketName;
  path.copy(address.name.sun_path, sizeof(address.name.sun_path) - 1);
  return address;
}

const sockaddr* as_sockaddr(const sockaddr_un& name) {
  return reinterpret_cast<const sockaddr*>(&name);  // the sockets API's own way
}

// One call's time, from here on.
class Waiting {
 public:
  explicit Waiting(Patience patience) : patience_(patience), until_(std::chrono::steady_clock::now() + patience.most) {}

  // Until the socket is ready for that. `silent` says what it means that the time is over.
  base::Status wait(int socket, short events, const char* silent) const {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - std::chrono::steady_clock::now());
      std::array<pollfd, 2> each{
          {{.fd = socket, .events = events, .revents = 0}, {.fd = patience_.cancel, .events = POLLIN, .revents = 0}}};
      const int ready = ::poll(each.data(), each.size(), std::max(0, static_cast<int>(left.count())));
      if (ready < 0 && errno == EINTR) continue;
      if (ready > 0 && each[0].revents != 0) return {};
      if (ready > 0) return base::fail(ErrorKind::cancelled, "the service is stopping", "control socket");
      return base::fail(ErrorKind::unavailable, silent, "control socket");
    }
  }

 private:
  const Patience patience_;
  const std::chrono::steady_clock::time_point until_;
};

}  // namespace

base::Result<Descriptor> listen_in(const std::filesystem::path& folder) {
  auto address = address_in(folder);
  if (!address) return base::fail(std::move(address.error()));
  ::unlinkat(address->folder.get(), kSocketName, 0);
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // The mode is that of the socket before bind(2), so that nobody else can connect, not for a moment.
  if (socket.get() < 0 || ::fchmod(socket.get(), 0600) != 0 ||
      ::bind(socket.get(), as_sockaddr(address->name), sizeof(address->name)) != 0 ||
      ::listen(socket.get(), kWaitingMax) != 0) {
    return failed(ErrorKind::unavailable, "cannot make the control socket", folder);
  }
  ::fchmodat(address->folder.get(), kSocketName, 0600, 0);
  return socket;
}

base::Result<Descriptor> connect_in(const std::filesystem::path& folder) {
  auto address = address_in(folder);
  if (!address) return base::fail(std::move(address.error()));
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // A connect(2) to a Unix socket waits as long as a send(2) may (unix(7) has no limit of its own).
  const timeval most{.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(kSilenceMax).count(), .tv_usec = 0};
  if (socket.get() < 0 || ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)) != 0 ||
      ::connect(socket.get(), as_sockaddr(address->name), sizeof(address->name)) != 0) {
    const bool nobody = errno == ENOENT || errno == ECONNREFUSED;
    return failed(nobody ? ErrorKind::not_found : ErrorKind::unavailable, "cannot reach the service", folder);
  }
  return socket;
}

base::Result<std::string> read_until(int socket, std::string_view end, std::size_t bytes_max, Patience patience) {
  const Waiting waiting(patience);
  std::string text;
  char part[4096];
  while (text.find(end, text.size() > sizeof(part) + end.size() ? text.size() - sizeof(part) - end.size() : 0) ==
         std::string::npos) {
    if (text.size() > bytes_max) return base::fail(ErrorKind::invalid, "the message is too long", "control socket");
    if (auto ready = waiting.wait(socket, POLLIN, "the other side says nothing"); !ready) {
      return base::fail(std::move(ready.error()));
    }
    const ssize_t count = ::recv(socket, part, sizeof(part), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return base::fail(ErrorKind::unavailable, "the other side has closed", "control socket");
    text.append(part, static_cast<std::size_t>(count));
  }
  return text;
}

base::Status write_all(int socket, std::string_view bytes, Patience patience) {
  const Waiting waiting(patience);
  while (!bytes.empty()) {
    if (auto ready = waiting.wait(socket, POLLOUT, "the other side takes nothing"); !ready) return ready;
    const ssize_t count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return base::fail(ErrorKind::unavailable, "the other side has closed", "control socket");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace twinshift::control
