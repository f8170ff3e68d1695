#include "http/listener.hpp"

#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace twinshift::http {
namespace {

using base::ErrorKind;

// The kernel cuts it at net.core.somaxconn.
constexpr int kBacklog = 4096;

std::string system_text(int number) {
  char buffer[128] = {};
  return strerror_r(number, buffer, sizeof buffer);
}

std::string host_hint(const Address& address) {
  return "Set " + address.host_option + " to an address of this machine, or to 0.0.0.0 for all";
}

base::Error cannot_listen(int number, const Address& address) {
  const std::string port = std::to_string(address.port);
  const std::string where = "http server on " + address.host + ":" + port;
  switch (number) {
    case EADDRINUSE:
      return {ErrorKind::conflict, "The address is already in use", where,
              "Stop the other program (`ss -ltnp 'sport = :" + port + "'`, as root, names it), or set " +
                  address.port_option + " to a free port"};
    case EACCES:
      return {ErrorKind::unavailable, "No permission to listen on this port", where,
              "Set " + address.port_option + " above 1023 or give the program the right to use low ports"};
    case EADDRNOTAVAIL:
      return {ErrorKind::unavailable, "This machine does not have this address", where, host_hint(address)};
    case EMFILE:
    case ENFILE:
      return {ErrorKind::full, "No file descriptor is left to listen with", where,
              "Raise the limit of open files (ulimit -n, LimitNOFILE)"};
    default:
      return {ErrorKind::unavailable, "Cannot listen: " + system_text(number), where,
              "Check " + address.host_option + " and " + address.port_option};
  }
}

std::uint16_t port_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

// A socket bound to `address`, or -1 and errno.
int bound_socket(const addrinfo& address) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol);
  if (fd < 0) return -1;
  const int on = 1;
  const int off = 0;
  // Not SO_REUSEPORT: two servers on one port by mistake must not go unnoticed.
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (bind(fd, address.ai_addr, address.ai_addrlen) == 0) return fd;
  const int number = errno;
  close(fd);
  errno = number;
  return -1;
}

// The first of the host's addresses that can be had.
base::Result<int> bind_to(const Address& wish) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int result =
      getaddrinfo(wish.host.empty() ? nullptr : wish.host.c_str(), std::to_string(wish.port).c_str(), &wanted, &found);
  if (result != 0) {
    return base::fail(ErrorKind::invalid, std::string("The host is not known: ") + gai_strerror(result),
                      "http server on " + wish.host, host_hint(wish));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> guard(found, freeaddrinfo);
  int number = EADDRNOTAVAIL;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    const int fd = bound_socket(*address);
    if (fd >= 0) return fd;
    number = errno;
  }
  return base::fail(cannot_listen(number, wish));
}

}  // namespace

base::Result<Listener> listen_on(const Address& address) {
  const auto fd = bind_to(address);
  if (!fd) return base::fail(fd.error());
  if (listen(*fd, kBacklog) == 0) return Listener{*fd, port_of(*fd)};
  const int number = errno;
  close(*fd);
  return base::fail(cannot_listen(number, address));
}

base::Status could_listen_on(const Address& address) {
  const auto fd = bind_to(address);
  if (!fd) return base::fail(fd.error());
  close(*fd);
  return {};
}

void raise_open_files_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace twinshift::http
