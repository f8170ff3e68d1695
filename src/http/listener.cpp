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

base::Error cannot_listen(int number, const std::string& host, std::uint16_t port) {
  const std::string where = "http server on " + host + ":" + std::to_string(port);
  switch (number) {
    case EADDRINUSE:
      return {ErrorKind::unavailable, "The address is already in use", where,
              "Stop the other program or set PORT to a free one"};
    case EACCES:
      return {ErrorKind::unavailable, "No permission to listen on this port", where,
              "Set PORT above 1023 or give the program the right to use low ports"};
    case EADDRNOTAVAIL:
      return {ErrorKind::unavailable, "This machine does not have this address", where,
              "Set HOST to an address of this machine, or to 0.0.0.0 for all"};
    default:
      return {ErrorKind::unavailable, "Cannot listen: " + system_text(number), where, "Check HOST and PORT"};
  }
}

std::uint16_t port_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

// A socket listening on `address`, or -1 and errno.
int open_socket(const addrinfo& address) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol);
  if (fd < 0) return -1;
  const int on = 1;
  const int off = 0;
  // Not SO_REUSEPORT: two servers on one port by mistake must not go unnoticed.
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (bind(fd, address.ai_addr, address.ai_addrlen) == 0 && listen(fd, kBacklog) == 0) return fd;
  const int number = errno;
  close(fd);
  errno = number;
  return -1;
}

}  // namespace

base::Result<Listener> listen_on(const std::string& host, std::uint16_t port) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int result = getaddrinfo(host.empty() ? nullptr : host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (result != 0) {
    return base::fail(ErrorKind::invalid, std::string("The host is not known: ") + gai_strerror(result),
                      "http server on " + host, "Set HOST to an address of this machine, or to 0.0.0.0 for all");
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> guard(found, freeaddrinfo);
  int number = EADDRNOTAVAIL;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    const int fd = open_socket(*address);
    if (fd >= 0) return Listener{fd, port_of(fd)};
    number = errno;
  }
  return base::fail(cannot_listen(number, host, port));
}

void raise_open_files_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace twinshift::http
