// For tests: a server with a few routes, and a raw client connection that sends any bytes. Every wait has a bound.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "http/server.hpp"

namespace twinshift::http::testing {

using namespace std::chrono_literals;

// A test that passes never waits this long.
inline constexpr auto kPatience = 60s;

struct Answer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names as sent
  std::string body;
};

class Wire {
 public:
  explicit Wire(std::uint16_t port, int receive_buffer = 0) : Wire() {
    if (receive_buffer > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    connect_to(port);
  }
  // Not connected yet.
  Wire() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  bool connect_to(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    return connected_;
  }
  virtual ~Wire() { reset(); }
  Wire(Wire&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_), in_(std::move(other.in_)) {}
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  Wire& operator=(Wire&&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  void reset() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  [[nodiscard]] int native() const { return fd_; }
  void finish_sending() { shutdown(fd_, SHUT_WR); }

  // False where the other side does not take it (any more).
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = transmit(bytes);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  // The next answer; status 0 where the connection ends (or nothing comes) before it is complete.
  Answer answer(bool head_only = false) {
    std::size_t head_end = 0;
    while ((head_end = in_.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) return {};
    }
    Answer out;
    out.status = std::stoi(in_.substr(9, 3));
    std::size_t at = in_.find("\r\n") + 2;
    while (at < head_end) {
      const std::size_t end = in_.find("\r\n", at);
      const std::size_t colon = in_.find(": ", at);
      out.headers[in_.substr(at, colon - at)] = in_.substr(colon + 2, end - colon - 2);
      at = end + 2;
    }
    in_.erase(0, head_end + 4);
    const std::size_t length =
        head_only || out.headers["Content-Length"].empty() ? 0 : std::stoul(out.headers["Content-Length"]);
    while (in_.size() < length) {
      if (!more()) return {};
    }
    out.body = in_.substr(0, length);
    in_.erase(0, length);
    return out;
  }

  // All that comes until the other side ends the connection; nothing where it does not.
  std::optional<std::string> rest() {
    while (more()) {
    }
    if (!ended_) return std::nullopt;
    return std::exchange(in_, {});
  }
  // The other side has ended the connection and sent nothing more before.
  bool ended() { return rest() == std::optional<std::string>(""); }

 protected:
  static constexpr ssize_t kNothingCame = -2;
  // As send() and recv(); the latter waits for kPatience at most.
  virtual ssize_t transmit(std::string_view bytes) { return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  virtual ssize_t receive(char* into, std::size_t size) {
    pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
    const int limit = static_cast<int>(std::chrono::milliseconds(kPatience).count());
    return poll(&entry, 1, limit) <= 0 ? kNothingCame : recv(fd_, into, size, 0);
  }

 private:
  bool more() {
    char buffer[16 * 1024];
    const ssize_t count = receive(buffer, sizeof buffer);
    if (count == kNothingCame) return false;
    if (count <= 0) {
      ended_ = true;
      return false;
    }
    in_.append(buffer, static_cast<std::size_t>(count));
    return true;
  }

  int fd_;
  bool connected_ = false;
  bool ended_ = false;
  std::string in_;
};

inline bool wait_until(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

inline std::string post(std::string_view body, std::string_view path = "/echo", std::string_view more_headers = "") {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(more_headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

// POST /echo answers with the body at once, GET /echo with the query, POST /later keeps the responder for the test,
// POST /drop answers nothing, GET /big answers 32 MiB.
class ServerTest : public ::testing::Test {
 protected:
  static Response plain(std::string body) {
    Response response;
    response.body = std::move(body);
    return response;
  }

  void start(Options options = {}) {
    options.host = "127.0.0.1";
    options.port = 0;
    options.on_refusal = [this](Refusal refusal) {
      const std::lock_guard lock(mutex_);
      refusals_.push_back(std::move(refusal));
    };
    Routes routes;
    routes.add("POST", "/echo", [this](Request request, Responder responder) {
      std::string body = request.body;
      remember(std::move(request));
      responder.send(plain(std::move(body)));
    });
    routes.add(
        "GET", "/echo",
        [this](Request request, Responder responder) {
          std::string query = request.query;
          remember(std::move(request));
          responder.send(plain(std::move(query)));
        },
        true);
    routes.add("POST", "/later", [this](Request request, Responder responder) {
      const std::lock_guard lock(mutex_);
      later_.emplace_back(std::move(request), std::move(responder));
    });
    routes.add("POST", "/drop", [](const Request&, const Responder&) {});
    routes.add("GET", "/big",
               [](const Request&, Responder responder) { responder.send(plain(std::string(32 * 1024 * 1024, 'b'))); });
    server_ = std::make_unique<Server>(std::move(options), std::move(routes));
    const auto started = server_->start();
    ASSERT_TRUE(started) << started.error().text();
  }

  Wire wire() { return Wire(server_->port()); }
  // One connection, one message, everything that comes back until the end.
  std::string exchange(const std::string& bytes) {
    Wire w = wire();
    w.send(bytes);
    return w.rest().value_or("(no end)");
  }
  static std::string status_line(const std::string& text) { return text.substr(0, text.find("\r\n")); }

  bool wait_later(std::size_t count) {
    return wait_until([&] {
      const std::lock_guard lock(mutex_);
      return later_.size() >= count;
    });
  }
  std::vector<std::pair<Request, Responder>> take_later() {
    const std::lock_guard lock(mutex_);
    return std::exchange(later_, {});
  }
  bool wait_refusals(std::size_t count) {
    return wait_until([&] { return refusals().size() >= count; });
  }
  std::vector<Refusal> refusals() {
    const std::lock_guard lock(mutex_);
    return refusals_;
  }
  std::vector<Request> seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  void expect_alive() {
    Wire w = wire();
    ASSERT_TRUE(w.send(post("alive")));
    EXPECT_EQ(w.answer().body, "alive");
  }

 private:
  void remember(Request request) {
    const std::lock_guard lock(mutex_);
    seen_.push_back(std::move(request));
  }

  std::mutex mutex_;
  std::vector<std::pair<Request, Responder>> later_;
  std::vector<Refusal> refusals_;
  std::vector<Request> seen_;

 protected:
  std::unique_ptr<Server> server_;  // the last member: its handlers use the others
};

}  // namespace twinshift::http::testing
