#include "http/acceptor.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "base/log.hpp"

namespace twinshift::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Code = boost::system::error_code;

// So many in a row, then the connections that are there have their turn.
constexpr int kAcceptsInARowMax = 64;
// At a shortage of files or memory: until the next attempt.
constexpr auto kBackOff = 100ms;

int open_reserve() {
  return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

base::IpAddress address_in(const sockaddr_storage& from) {
  base::IpAddress out;
  if (from.ss_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &from, sizeof four);
    return base::IpAddress::from_v4(ntohl(four.sin_addr.s_addr));
  }
  if (from.ss_family == AF_INET6) {
    sockaddr_in6 six{};
    std::memcpy(&six, &from, sizeof six);
    std::memcpy(out.bytes.data(), &six.sin6_addr, out.bytes.size());
  }
  return out;
}

Acceptor::Accepted accept_one(int listener) {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  const int fd = accept4(listener, reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return {fd, {}};
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return {fd, address_in(from)};
}

}  // namespace

Acceptor::Acceptor(asio::io_context& io, int listener_fd, std::function<void(Accepted)> take)
    : listener_(io.get_executor(), listener_fd), timer_(io), take_(std::move(take)), reserve_fd_(open_reserve()) {}

Acceptor::~Acceptor() {
  if (reserve_fd_ >= 0) ::close(reserve_fd_);
}

void Acceptor::start() {
  wait();
}

void Acceptor::wait() {
  listener_.async_wait(asio::posix::descriptor_base::wait_read, [this](const Code& code) {
    if (code || !listener_.is_open()) return;
    switch (take_waiting()) {
      case Round::all_taken:
      case Round::more:
        return wait();
      case Round::out_of_files:
        return back_off();
      case Round::broken:
        return back_off();
    }
  });
}

Acceptor::Round Acceptor::take_waiting() {
  for (int i = 0; i < kAcceptsInARowMax; ++i) {
    const Accepted accepted = accept_one(listener_.native_handle());
    if (accepted.fd >= 0) {
      take_(accepted);
      continue;
    }
    switch (errno) {
      case EAGAIN:
        return Round::all_taken;
      case EMFILE:
      case ENFILE:
        turn_one_away();
        return Round::out_of_files;
      case ENOBUFS:
      case ENOMEM:
      case EBADF:
      case EINVAL:
      case ENOTSOCK:
        return Round::broken;
      default:
        break;  // that connection's own trouble: it has gone already
    }
  }
  return Round::more;
}

void Acceptor::turn_one_away() {
  if (reserve_fd_ >= 0) ::close(reserve_fd_);
  const int fd = accept_one(listener_.native_handle()).fd;
  if (fd >= 0) ::close(fd);
  reserve_fd_ = open_reserve();
  if (const auto count = warned_.pass("", std::chrono::steady_clock::now())) {
    base::log::warn("No file descriptor is left for another connection")
        .add("hint", "Raise the limit of open files (ulimit -n, LimitNOFILE)")
        .add("count", *count);
  }
}

void Acceptor::back_off() {
  timer_.expires_after(kBackOff);
  timer_.async_wait([this](const Code& code) {
    if (!code && listener_.is_open()) wait();
  });
}

void Acceptor::finish() {
  if (!listener_.is_open()) return;
  take_waiting();
  close();
}

void Acceptor::close() {
  Code ignored;
  listener_.close(ignored);
  timer_.cancel();
}

}  // namespace twinshift::http
