#include "control/socket.hpp"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

#include "control/control.hpp"

namespace twinshift::control {
namespace {

using base::ErrorKind;

std::unexpected<base::Error> failed(ErrorKind kind, const std::string& what, const std::filesystem::path& folder) {
  return base::fail(kind, what + ": " + std::generic_category().message(errno), (folder / kSocketName).string());
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

bool wait_for(int socket, short events, std::chrono::milliseconds most) {
  pollfd each{.fd = socket, .events = events, .revents = 0};
  int ready = 0;
  do {
    ready = ::poll(&each, 1, static_cast<int>(most.count()));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

base::Result<Descriptor> listen_in(const std::filesystem::path& folder) {
  auto address = address_in(folder);
  if (!address) return base::fail(std::move(address.error()));
  ::unlinkat(address->folder.get(), kSocketName, 0);
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // The mode is that of the socket before bind(2), so that nobody else can connect, not for a moment.
  if (socket.get() < 0 || ::fchmod(socket.get(), 0600) != 0 ||
      ::bind(socket.get(), as_sockaddr(address->name), sizeof(address->name)) != 0 || ::listen(socket.get(), 4) != 0) {
    return failed(ErrorKind::unavailable, "cannot make the control socket", folder);
  }
  ::fchmodat(address->folder.get(), kSocketName, 0600, 0);
  return socket;
}

base::Result<Descriptor> connect_in(const std::filesystem::path& folder) {
  auto address = address_in(folder);
  if (!address) return base::fail(std::move(address.error()));
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0 || ::connect(socket.get(), as_sockaddr(address->name), sizeof(address->name)) != 0) {
    const bool nobody = errno == ENOENT || errno == ECONNREFUSED;
    return failed(nobody ? ErrorKind::not_found : ErrorKind::unavailable, "cannot reach the service", folder);
  }
  return socket;
}

base::Result<std::string> read_until(int socket, std::string_view end, std::size_t bytes_max,
                                     std::chrono::milliseconds silence_max) {
  std::string text;
  char part[4096];
  while (text.find(end, text.size() > sizeof(part) + end.size() ? text.size() - sizeof(part) - end.size() : 0) ==
         std::string::npos) {
    if (text.size() > bytes_max) return base::fail(ErrorKind::invalid, "the message is too long", "control socket");
    if (!wait_for(socket, POLLIN, silence_max)) {
      return base::fail(ErrorKind::unavailable, "the other side says nothing", "control socket");
    }
    const ssize_t count = ::recv(socket, part, sizeof(part), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return base::fail(ErrorKind::unavailable, "the other side has closed", "control socket");
    text.append(part, static_cast<std::size_t>(count));
  }
  return text;
}

base::Status write_all(int socket, std::string_view bytes, std::chrono::milliseconds silence_max) {
  while (!bytes.empty()) {
    if (!wait_for(socket, POLLOUT, silence_max)) {
      return base::fail(ErrorKind::unavailable, "the other side takes nothing", "control socket");
    }
    const ssize_t count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return base::fail(ErrorKind::unavailable, "the other side has closed", "control socket");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace twinshift::control
