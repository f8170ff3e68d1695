#include "app/own_url.hpp"

#include <fmt/format.h>

namespace twinshift::app {
namespace {

// As a URL has it: an IPv6 address in brackets.
std::string reachable(const std::string& host) {
  if (host.empty() || host == "*" || host == "0.0.0.0") return "127.0.0.1";
  if (host == "::") return "[::1]";
  return host.contains(':') && !host.starts_with('[') ? "[" + host + "]" : host;
}

}  // namespace

base::Result<std::string> own_url(const config::Settings& settings, std::string_view path) {
  if (settings.port == 0) {
    return base::fail(base::ErrorKind::invalid, "PORT=0 means any free port, which only the service's log knows",
                      "PORT", "Set PORT to the port that the service listens on");
  }
  const std::string_view scheme = settings.tls_cert_file.empty() ? "http" : "https";
  return fmt::format("{}://{}:{}{}", scheme, reachable(settings.host), settings.port, path);
}

}  // namespace twinshift::app
