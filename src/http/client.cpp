#include "http/client.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace twinshift::http {
namespace {

using base::ErrorKind;

constexpr std::size_t kReadBytes = 16 * 1024;

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

template <class T>
std::optional<T> number(std::string_view text, int number_base = 10) {
  T value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, number_base);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Waits until `events` are there. False at the deadline.
bool wait_for(int fd, short events, base::SteadyTime deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd entry{.fd = fd, .events = events, .revents = 0};
    const int ready = poll(&entry, 1, static_cast<int>(std::min<long long>(left, 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

// A connected non-blocking socket, or -1 and errno.
int connect_to(const addrinfo& address, base::SteadyTime deadline) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  int result = connect(fd, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (result == EINPROGRESS) {
    socklen_t size = sizeof result;
    if (!wait_for(fd, POLLOUT, deadline)) {
      result = ETIMEDOUT;
    } else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &size) != 0) {
      result = errno;
    }
  }
  if (result == 0) return fd;
  close(fd);
  errno = result;
  return -1;
}

std::string with_port(const std::string& host, std::uint16_t port) {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

}  // namespace

std::string_view ClientResponse::header(std::string_view name) const {
  const auto at = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
  return at == headers.end() ? std::string_view() : std::string_view(at->second);
}

base::Result<Client> Client::connect(const std::string& host, std::uint16_t port, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found); code != 0) {
    return base::fail(ErrorKind::unavailable, std::string("The host is not known: ") + gai_strerror(code),
                      "http client, " + host, "Check the host's name");
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> guard(found, freeaddrinfo);
  int last = ECONNREFUSED;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    const int fd = connect_to(*address, deadline);
    if (fd >= 0) return Client(fd, with_port(host, port), timeout);
    last = errno;
  }
  char text[128] = {};
  return base::fail(ErrorKind::unavailable, std::string("Cannot connect: ") + strerror_r(last, text, sizeof text),
                    "http client, " + with_port(host, port), "Check that the service runs and listens there");
}

Client::Client(Client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      host_(std::move(other.host_)),
      timeout_(other.timeout_),
      in_(std::move(other.in_)),
      ended_(other.ended_) {}

Client& Client::operator=(Client&& other) noexcept {
  if (this == &other) return *this;
  disconnect();
  fd_ = std::exchange(other.fd_, -1);
  host_ = std::move(other.host_);
  timeout_ = other.timeout_;
  in_ = std::move(other.in_);
  ended_ = other.ended_;
  return *this;
}

Client::~Client() {
  disconnect();
}

void Client::disconnect() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

base::Error Client::error(ErrorKind kind, std::string message) const {
  return {kind, std::move(message), "http client, " + host_, "Connect again"};
}

base::Result<ClientResponse> Client::request(std::string_view method, std::string_view path, std::string_view body,
                                             const ClientHeaders& headers) {
  if (fd_ < 0) return base::fail(error(ErrorKind::unavailable, "The connection is closed"));
  const auto deadline = std::chrono::steady_clock::now() + timeout_;
  std::string text;
  text.reserve(256 + body.size());
  text.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: ").append(host_).append("\r\n");
  for (const auto& [name, value] : headers) text.append(name).append(": ").append(value).append("\r\n");
  if (!body.empty() || method == "POST" || method == "PUT") {
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  }
  text.append("\r\n").append(body);
  // An answer may come before all is sent (a refusal): whatever became of the sending, see what the other side says.
  const auto sent = send_all(text, deadline);
  auto response = receive(method == "HEAD", deadline);
  if (!response) {
    disconnect();
    if (!sent) return base::fail(sent.error());
    return response;
  }
  if (!sent || lowered(response->header("connection")) == "close") disconnect();
  return response;
}

base::Status Client::send_all(std::string_view text, base::SteadyTime deadline) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = send(fd_, text.data() + done, text.size() - done, MSG_NOSIGNAL);
    if (count >= 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN) {
      if (!wait_for(fd_, POLLOUT, deadline)) {
        return base::fail(error(ErrorKind::unknown_outcome, "The request was not taken in time"));
      }
    } else if (errno != EINTR) {
      return base::fail(error(done == 0 ? ErrorKind::unavailable : ErrorKind::unknown_outcome,
                              "The connection broke while the request was being sent"));
    }
  }
  return {};
}

base::Status Client::receive_more(base::SteadyTime deadline) {
  if (ended_)
    return base::fail(error(ErrorKind::unknown_outcome, "The connection ended before the answer was complete"));
  const std::size_t before = in_.size();
  for (;;) {
    in_.resize(before + kReadBytes);
    const ssize_t count = recv(fd_, in_.data() + before, kReadBytes, 0);
    const int number_of_error = errno;
    in_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count > 0) return {};
    if (count == 0) {
      ended_ = true;
      return receive_more(deadline);
    }
    if (number_of_error == EINTR) continue;
    if (number_of_error != EAGAIN) {
      return base::fail(error(ErrorKind::unknown_outcome, "The connection broke before the answer was complete"));
    }
    if (!wait_for(fd_, POLLIN, deadline)) {
      return base::fail(error(ErrorKind::unknown_outcome, "There was no complete answer in time"));
    }
  }
}

base::Result<std::string> Client::receive_line(base::SteadyTime deadline) {
  for (;;) {
    if (const auto end = in_.find("\r\n"); end != std::string::npos) {
      std::string line = in_.substr(0, end);
      in_.erase(0, end + 2);
      return line;
    }
    if (in_.size() > kResponseHeadBytesMax) {
      return base::fail(error(ErrorKind::invalid, "The answer's head is too large"));
    }
    if (auto more = receive_more(deadline); !more) return base::fail(more.error());
  }
}

base::Status Client::receive_bytes(std::size_t count, std::string& into, base::SteadyTime deadline) {
  if (count > kResponseBodyBytesMax || into.size() > kResponseBodyBytesMax - count) {
    return base::fail(error(ErrorKind::invalid, "The answer's body is too large"));
  }
  while (in_.size() < count) {
    if (auto more = receive_more(deadline); !more) return more;
  }
  into.append(in_, 0, count);
  in_.erase(0, count);
  return {};
}

base::Status Client::receive_chunks(std::string& body, base::SteadyTime deadline) {
  for (;;) {
    auto line = receive_line(deadline);
    if (!line) return base::fail(line.error());
    const auto size = number<std::size_t>(trimmed(std::string_view(*line).substr(0, line->find(';'))), 16);
    if (!size) return base::fail(error(ErrorKind::invalid, "The answer's chunks are malformed"));
    if (*size > 0) {
      if (auto taken = receive_bytes(*size, body, deadline); !taken) return taken;
    }
    // Behind a chunk: an empty line. Behind the last one: trailers, then an empty line.
    do {
      line = receive_line(deadline);
      if (!line) return base::fail(line.error());
    } while (*size == 0 && !line->empty());
    if (*size == 0) return {};
  }
}

base::Status Client::receive_body(ClientResponse& response, base::SteadyTime deadline) {
  if (lowered(response.header("transfer-encoding")) == "chunked") return receive_chunks(response.body, deadline);
  if (const auto length = response.header("content-length"); !length.empty()) {
    const auto size = number<std::size_t>(length);
    if (!size) return base::fail(error(ErrorKind::invalid, "The answer's Content-Length is malformed"));
    return receive_bytes(*size, response.body, deadline);
  }
  // Neither: everything until the connection ends.
  while (!ended_ && in_.size() <= kResponseBodyBytesMax) {
    if (auto more = receive_more(deadline); !more && !ended_) return more;
  }
  auto taken = receive_bytes(in_.size(), response.body, deadline);
  disconnect();
  return taken;
}

base::Result<ClientResponse> Client::receive(bool head_only, base::SteadyTime deadline) {
  for (;;) {
    auto line = receive_line(deadline);
    if (!line) return base::fail(line.error());
    ClientResponse response;
    const auto status = line->starts_with("HTTP/1.") && line->size() >= 12
                            ? number<int>(std::string_view(*line).substr(9, 3))
                            : std::nullopt;
    if (!status) return base::fail(error(ErrorKind::invalid, "The other side does not answer in HTTP/1.1"));
    response.status = *status;
    std::size_t head_bytes = 0;
    for (line = receive_line(deadline); line && !line->empty(); line = receive_line(deadline)) {
      head_bytes += line->size();
      if (head_bytes > kResponseHeadBytesMax) {
        return base::fail(error(ErrorKind::invalid, "The answer's head is too large"));
      }
      const auto colon = line->find(':');
      if (colon == std::string::npos) return base::fail(error(ErrorKind::invalid, "The answer's head is malformed"));
      response.headers.emplace_back(lowered(line->substr(0, colon)),
                                    trimmed(std::string_view(*line).substr(colon + 1)));
    }
    if (!line) return base::fail(line.error());
    if (response.status < 200) continue;  // "100 Continue" and the like
    if (head_only || response.status == 204 || response.status == 304) return response;
    if (auto body = receive_body(response, deadline); !body) return base::fail(body.error());
    return response;
  }
}

}  // namespace twinshift::http
