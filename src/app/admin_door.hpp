// Who may see the page, /api/status and /metrics. Any thread.
#pragma once

#include <string>

#include "config/settings.hpp"
#include "http/server.hpp"

namespace twinshift::app {

// "127.0.0.1", "localhost", "::1" and what else is this machine alone.
bool is_loopback(const std::string& host);
// Neither tokens nor addresses of the webhook's are asked for.
bool asks_for_nothing(const config::Settings& settings);
// Others reach the port, and neither tokens nor addresses of the webhook's are asked for.
bool is_open_to_all(const config::Settings& settings);

class AdminDoor {
 public:
  explicit AdminDoor(const config::Settings& settings);

  // On the main port: nothing is served there at all (ADMIN_PORT has it).
  [[nodiscard]] bool elsewhere() const { return elsewhere_; }
  // Nobody has said where or to whom: on an address that others reach it stays shut.
  [[nodiscard]] bool is_shut() const { return shut_; }
  // A handler that is only called for who may come in; else 401 with what a browser needs to ask for the password, or
  // 403 with what to set. Needs the header "authorization" kept (http::Options::headers_kept).
  [[nodiscard]] http::Handler guard(http::Handler handler) const;
  // Whether guard() would call the handler: for what tells less to others, instead of nothing.
  [[nodiscard]] bool lets_in(const http::Request& request) const;

 private:
  [[nodiscard]] bool knows(const http::Request& request) const;

  const std::string token_hash_;  // SHA-256; empty: none is asked for
  const bool elsewhere_;
  const bool shut_;
};

}  // namespace twinshift::app
