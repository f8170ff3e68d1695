// An HTTP/1.1 server. Handlers are functions from a request to a responder; who handles does not know sockets, and this
// file does not know Boost.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/ip_address.hpp"

namespace twinshift::http {

class TlsContext;

struct Request {
  std::string method;  // as sent: "POST"
  std::string path;    // without query; a trailing slash removed; as sent otherwise
  std::string query;   // what followed '?'; never logged
  std::string body;    // decompressed where Content-Encoding said gzip
  // Only those named in Options::headers_kept, names in lower case.
  std::vector<std::pair<std::string, std::string>> headers;
  base::IpAddress client;  // the other end of the connection: a load balancer's address behind one
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;  // Allow, Retry-After, ...
  bool close = false;
  bool streams = false;  // Responder::stream()'s: the body has no end of its own
};

// An answer that goes on (server-sent events): messages are sent as they come, until either side closes. A client that
// reads more slowly than they come gets the newest: at most one waits for it, and who takes none within write_timeout
// is cut off. Any thread.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual void push(std::shared_ptr<const std::string> message) = 0;
  // The client has gone, or the server stops: what is pushed now goes nowhere.
  [[nodiscard]] virtual bool closed() const = 0;
};

// The answer to one request. send() may be called once, from any thread, also after the client has gone (then it
// changes nothing). Destroyed unanswered: 500.
class Responder {
 public:
  class Sink;  // the server's side
  explicit Responder(std::shared_ptr<Sink> sink);
  Responder(Responder&&) noexcept;
  Responder& operator=(Responder&&) noexcept;
  ~Responder();
  void send(Response response);
  // In place of send(): `head` with what its body holds, then what is pushed. Never null.
  std::shared_ptr<Stream> stream(Response head);

 private:
  std::shared_ptr<Sink> sink_;
};

// Runs on an io thread: must not block.
using Handler = std::function<void(Request, Responder)>;

class Routes {
 public:
  // HEAD is answered for every GET route marked so.
  void add(std::string method, std::string path, Handler handler, bool head_too = false);
  struct Route {
    std::string method, path;
    Handler handler;
    bool head_too;
  };
  [[nodiscard]] const std::vector<Route>& all() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

// Told of bodies the server itself refuses (too large, broken gzip), with what was read of them; runs on an io thread.
struct Refusal {
  int status;
  std::string path;
  std::string reason;
  std::string body;  // cut at body_bytes_max
};

struct Options {
  std::string host = "0.0.0.0";
  std::uint16_t port = 3000;  // 0: any free one
  // The options that they come from, for what an error tells to do.
  std::string host_option = "HOST";
  std::string port_option = "PORT";
  unsigned threads = 1;
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 1024 * 1024;  // after decompression too
  std::size_t connections_max = 8192;
  // What all connections together may hold of requests that have not arrived whole; above it, whoever sends more is
  // answered 503.
  std::size_t unfinished_bytes_max = 64 * 1024 * 1024;
  std::chrono::milliseconds keep_alive_idle{75'000};
  std::chrono::milliseconds header_timeout{10'000};  // from the first byte of a request to the end of its head
  std::chrono::milliseconds body_timeout{20'000};    // for the whole body
  std::chrono::milliseconds write_timeout{20'000};
  std::vector<std::string> headers_kept;
  // Asked once a request, on an io thread, as soon as its head is there (its body may not be): an answer in place of
  // the handler's. Nothing of such a request is kept, and on_refusal is not told of it. Must not block for long.
  std::function<std::optional<Response>(const Request& head)> check_head = nullptr;
  // How many connections an address may have open at once; asked as one begins, on an io thread. Empty: no bound.
  std::function<std::size_t(const base::IpAddress& peer)> connections_per_peer_max = nullptr;
  std::function<void(Refusal)> on_refusal;
  // Set: the port speaks HTTPS and nothing else. A handshake has header_timeout.
  std::shared_ptr<const TlsContext> tls;
};

struct Stats {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_refused = 0;
  std::uint64_t requests = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t tls_handshakes_failed = 0;
};

class Server {
 public:
  Server(Options options, Routes routes);
  ~Server();  // stops at once
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and starts the io threads. Errors: unavailable (address in use, no permission), with what to do.
  base::Status start();
  [[nodiscard]] std::uint16_t port() const;
  // In place of Options::headers_kept, for requests that begin afterwards. Any thread.
  void keep_headers(std::vector<std::string> names);

  // No new connections; idle ones are closed, requests under way are answered with "Connection: close". Returns when
  // none is left or after `limit`. Not to be called from a handler.
  void drain(std::chrono::milliseconds limit);
  [[nodiscard]] Stats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace twinshift::http
