#include <charconv>

#include "http/client.hpp"

namespace twinshift::http {
namespace {

std::unexpected<base::Error> wrong(std::string message) {
  return base::fail(base::ErrorKind::invalid, std::move(message), "URL",
                    "Write it as http://host:port/path, for example http://127.0.0.1:3000/webhook/appsflyer");
}

bool has_control_or_space(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f') return true;
  }
  return false;
}

}  // namespace

base::Result<Url> parse_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (url.starts_with("https://")) {
    return wrong("https is not spoken here: give the address behind the load balancer, with http");
  }
  if (!url.starts_with(kScheme)) return wrong("It does not begin with http://");
  if (has_control_or_space(url)) return wrong("It holds a space or a control character");
  url.remove_prefix(kScheme.size());
  const auto end = url.find_first_of("/?#");
  std::string_view authority = url.substr(0, end);
  std::string_view rest = end == std::string_view::npos ? std::string_view() : url.substr(end);
  rest = rest.substr(0, rest.find('#'));
  if (authority.find('@') != std::string_view::npos) return wrong("A user name or password in it is not supported");

  Url out;
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto bracket = authority.find(']');
    if (bracket == std::string_view::npos) return wrong("Its IPv6 address has no closing bracket");
    out.host = authority.substr(1, bracket - 1);
    port = authority.substr(bracket + 1);
    if (!port.empty() && !port.starts_with(':')) return wrong("Behind the IPv6 address there may only be a port");
  } else {
    const auto colon = authority.find(':');
    out.host = authority.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view() : authority.substr(colon);
  }
  if (out.host.empty()) return wrong("It names no host");
  if (!port.empty()) {
    port.remove_prefix(1);
    const auto [stop, code] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (code != std::errc() || stop != port.data() + port.size() || out.port == 0) {
      return wrong("Its port is not a number from 1 to 65535");
    }
  }
  if (!rest.empty()) out.path = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
  return out;
}

}  // namespace twinshift::http
