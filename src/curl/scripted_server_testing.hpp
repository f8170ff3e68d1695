// An HTTP/1.1 server on a free port of 127.0.0.1 for tests: it answers each request by a function, and keeps what it
// was asked. Plain sockets, so that it can also answer as no server should.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/assert.hpp"

namespace twinshift::curl {

struct SeenRequest {
  std::string head;  // request line and headers, as sent
  std::string body;

  // The first header of that name, spelled as libcurl sends it; empty where there is none.
  [[nodiscard]] std::string header(std::string_view name) const {
    const std::string key = "\r\n" + std::string(name) + ": ";
    const std::size_t at = head.find(key);
    if (at == std::string::npos) return {};
    return head.substr(at + key.size(), head.find("\r\n", at + key.size()) - at - key.size());
  }
};

class ScriptedServer {
 public:
  // The whole answer as bytes; nothing: the connection is closed without one. "hang": it stays open, unanswered, until
  // the server ends.
  using Script = std::function<std::optional<std::string>(const SeenRequest&)>;

  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    TWINSHIFT_ASSERT(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    TWINSHIFT_ASSERT(::listen(listener_, 16) == 0);
    TWINSHIFT_ASSERT(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    TWINSHIFT_ASSERT(::pipe(stop_.data()) == 0);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~ScriptedServer() {
    ::close(stop_[1]);
    acceptor_.join();
    for (std::thread& thread : connections_) thread.join();
    ::close(stop_[0]);
    ::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  std::vector<SeenRequest> seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

  // Accepted so far.
  [[nodiscard]] std::size_t connections() const { return accepted_.load(); }

  static std::string answer(int status, std::string_view body, std::string_view more_headers = {}) {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(more_headers) + "\r\n" + std::string(body);
  }

 private:
  // False where the server ends first.
  [[nodiscard]] bool readable(int socket) const {
    std::array<pollfd, 2> both{{{socket, POLLIN, 0}, {stop_[0], POLLIN, 0}}};
    while (::poll(both.data(), both.size(), -1) < 0) {
    }
    return both[1].revents == 0;
  }

  void accept_all() {
    while (readable(listener_)) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) continue;
      ++accepted_;
      connections_.emplace_back([this, socket] { serve(socket); });
    }
  }

  void serve(int socket) {
    std::string bytes;
    while (auto request = read_one(socket, bytes)) {
      const auto text = script_(*request);
      {
        const std::lock_guard lock(mutex_);
        seen_.push_back(std::move(*request));
      }
      if (text && *text == "hang") {
        while (readable(socket)) {
          std::array<char, 256> more{};
          if (::recv(socket, more.data(), more.size(), 0) <= 0) break;
        }
        break;
      }
      if (!text || ::send(socket, text->data(), text->size(), MSG_NOSIGNAL) < 0) break;
      if (text->find("Connection: close") != std::string::npos) break;
    }
    ::close(socket);
  }

  std::optional<SeenRequest> read_one(int socket, std::string& bytes) const {
    while (true) {
      const std::size_t end = bytes.find("\r\n\r\n");
      if (end != std::string::npos) {
        SeenRequest request{bytes.substr(0, end + 2), {}};
        const std::string length = request.header("Content-Length");
        const std::size_t size = length.empty() ? 0 : std::stoul(length);
        if (bytes.size() >= end + 4 + size) {
          request.body = bytes.substr(end + 4, size);
          bytes.erase(0, end + 4 + size);
          return request;
        }
      }
      if (!readable(socket)) return std::nullopt;
      std::array<char, 65'536> chunk{};
      const ssize_t got = ::recv(socket, chunk.data(), chunk.size(), 0);
      if (got <= 0) return std::nullopt;
      bytes.append(chunk.data(), static_cast<std::size_t>(got));
    }
  }

  const Script script_;
  std::atomic<std::size_t> accepted_{0};
  int listener_ = -1;
  std::array<int, 2> stop_{};
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::vector<SeenRequest> seen_;  // guarded by mutex_
  std::vector<std::thread> connections_;
  std::thread acceptor_;
};

}  // namespace twinshift::curl
