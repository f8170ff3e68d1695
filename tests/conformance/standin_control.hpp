// The control port of a stand-in: one JSON object a line, answered by one. One thread at a time.
#pragma once

#include <cstdlib>
#include <netdb.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace twinshift::tests {

class StandinControl {
 public:
  // `variable`: of the environment, "host:port" (tests/standin/with_servers.py).
  explicit StandinControl(const char* variable) {
    const char* address = std::getenv(variable);
    if (address == nullptr) std::abort();
    const std::string text = address;
    const std::size_t colon = text.rfind(':');
    addrinfo* found = nullptr;
    if (::getaddrinfo(text.substr(0, colon).c_str(), text.substr(colon + 1).c_str(), nullptr, &found) != 0) {
      std::abort();
    }
    socket_ = ::socket(found->ai_family, SOCK_STREAM, 0);
    if (::connect(socket_, found->ai_addr, found->ai_addrlen) != 0) std::abort();
    ::freeaddrinfo(found);
  }
  ~StandinControl() { ::close(socket_); }
  StandinControl(const StandinControl&) = delete;
  StandinControl& operator=(const StandinControl&) = delete;

  std::string order(std::string line) {
    line += '\n';
    if (::send(socket_, line.data(), line.size(), 0) != static_cast<ssize_t>(line.size())) std::abort();
    std::string answer;
    for (char c = 0; ::recv(socket_, &c, 1, 0) == 1 && c != '\n';) answer += c;
    return answer;
  }

 private:
  int socket_ = -1;
};

}  // namespace twinshift::tests
