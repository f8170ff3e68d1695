// A small blocking HTTP/1.1 client for commands and tests: one connection, kept between requests. No TLS.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace twinshift::http {

struct Url {
  std::string host;
  std::uint16_t port = 80;
  std::string path = "/";  // with its query
};

// "http://host[:port][/path][?query]", IPv6 hosts in brackets. Errors: invalid; https and user names are refused. The
// text of the error never repeats the URL, which may hold a token.
base::Result<Url> parse_url(std::string_view url);

using ClientHeaders = std::vector<std::pair<std::string, std::string>>;

struct ClientResponse {
  int status = 0;
  std::string body;
  ClientHeaders headers;  // names in lower case

  // The first of that name (lower case), or "".
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

// The largest answer taken in: head, and body.
inline constexpr std::size_t kResponseHeadBytesMax = 64 * 1024;
inline constexpr std::size_t kResponseBodyBytesMax = 16 * 1024 * 1024;

// One thread at a time.
class Client {
 public:
  // `timeout` holds for connecting and for each whole request. Errors: unavailable.
  static base::Result<Client> connect(const std::string& host, std::uint16_t port, std::chrono::milliseconds timeout);
  Client(Client&& other) noexcept;
  Client& operator=(Client&& other) noexcept;
  ~Client();

  // Errors: unavailable (not sent), unknown_outcome (sent at least in part, no answer), invalid (an answer that is not
  // HTTP/1.1 or too large). After an error, and after an answer with "Connection: close", connect anew.
  base::Result<ClientResponse> request(std::string_view method, std::string_view path, std::string_view body = {},
                                       const ClientHeaders& headers = {});
  // False once the connection can serve no further request.
  [[nodiscard]] bool usable() const { return fd_ >= 0; }

 private:
  Client(int fd, std::string host, std::chrono::milliseconds timeout)
      : fd_(fd), host_(std::move(host)), timeout_(timeout) {}
  base::Status send_all(std::string_view text, base::SteadyTime deadline);
  base::Status receive_more(base::SteadyTime deadline);
  base::Result<ClientResponse> receive(bool head_only, base::SteadyTime deadline);
  base::Status receive_body(ClientResponse& response, base::SteadyTime deadline);
  base::Status receive_chunks(std::string& body, base::SteadyTime deadline);
  base::Status receive_bytes(std::size_t count, std::string& into, base::SteadyTime deadline);
  base::Result<std::string> receive_line(base::SteadyTime deadline);
  [[nodiscard]] base::Error error(base::ErrorKind kind, std::string message) const;
  void disconnect();

  int fd_ = -1;
  std::string host_;  // "host:port"
  std::chrono::milliseconds timeout_;
  std::string in_;  // received, not used yet
  bool ended_ = false;
};

}  // namespace twinshift::http
