// One HTTP exchange at a time through libcurl, over connections that are kept for the next one.
//
// Threads: every function of HttpClient may be called from any thread; send() blocks its caller. Each call in flight
// uses a handle of its own; idle handles (and their connections) are shared.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace twinshift::curl {

struct Header {
  std::string name;
  std::string value;
};

struct Request {
  std::string method = "POST";
  std::string url;  // http:// or https://; nothing else is spoken, and no redirect is followed
  std::vector<Header> headers;
  std::string body;
  std::chrono::milliseconds connect_timeout{3'000};
  std::chrono::milliseconds timeout{60'000};  // for the whole exchange
  std::size_t answer_bytes_max = 16'777'216;
  bool may_use_proxy = true;       // HTTPS_PROXY and NO_PROXY of the environment; never for metadata services
  bool checks_certificate = true;  // false only where the other side is this machine and nothing secret is sent
};

struct Response {
  int status = 0;
  std::vector<Header> headers;
  std::string body;

  // The first of that name, in whatever case; empty where there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

// Why there is no answer.
struct Failure {
  enum class Kind : std::uint8_t {
    cannot_resolve,   // the host's name has no address
    cannot_connect,   // refused, no route, or the proxy said no
    connect_timeout,  // nothing answered
    tls,              // certificate or handshake
    timeout,          // connected, but the answer did not come in time
    broken,           // the connection ended in the middle
    too_large,        // the answer is larger than answer_bytes_max
    cancelled,        // stop was requested
    invalid,          // the request cannot be made (URL, header)
  };
  Kind kind = Kind::broken;
  // May the other side have seen the whole request? False: it certainly has not. (On a kept connection that the other
  // side has closed meanwhile, libcurl itself sends once more on a new one.)
  bool sent = false;
  std::string detail;  // libcurl's own words: host and reason, never a header or a body
};

struct HttpClientOptions {
  // Empty: the system's. For a test's or a company's own authority (AWS_CA_BUNDLE).
  std::string ca_file;
  // Idle handles that are kept; further ones are closed after use.
  std::size_t idle_handles_max = 32;
};

class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  std::expected<Response, Failure> send(const Request& request, std::stop_token stop = {});

 private:
  class Pool;
  const std::unique_ptr<Pool> pool_;
};

}  // namespace twinshift::curl
