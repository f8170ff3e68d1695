#include "app/doctor_network.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/descriptor.hpp"
#include "curl/http_client.hpp"

namespace twinshift::app {
namespace {

using base::Descriptor;
using std::chrono::milliseconds;

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// What the steps hand on to each other.
struct Way {
  Host host;
  Addresses addresses;
  Descriptor socket;
};

std::string shown(const sockaddr* address, socklen_t size) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (::getnameinfo(address, size, host.data(), host.size(), port.data(), port.size(),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "an address";
  }
  return fmt::format("{}:{}", host.data(), port.data());
}

bool is_loopback(const addrinfo& address) {
  if (address.ai_family == AF_INET6) {
    return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(address.ai_addr)->sin6_addr) != 0;
  }
  constexpr std::uint32_t kLoopbackNet = 127;
  return address.ai_family == AF_INET &&
         ntohl(reinterpret_cast<const sockaddr_in*>(address.ai_addr)->sin_addr.s_addr) >> 24U == kLoopbackNet;
}

Finding resolve(Way& way) {
  if (way.host.by_proxy) return skipped("HTTPS_PROXY stands between: the proxy resolves it");
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(way.host.name.c_str(), way.host.port.c_str(), &hints, &list);
  if (code != 0) {
    return failure(fmt::format("{} has no address: {}", way.host.name, ::gai_strerror(code)),
                   fmt::format("{} cannot be reached at all", way.host.subject),
                   "Check the host's spelling and its region; in a closed network, that the VPC endpoint has private "
                   "DNS, or that /etc/resolv.conf names a server that knows it");
  }
  way.addresses.reset(list);
  std::string text;
  std::size_t count = 0;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next, ++count) {
    if (count == 0) text = shown(each->ai_addr, each->ai_addrlen);
  }
  if (count > 1) text += fmt::format(" and {} more", count - 1);
  return good(way.host.name + " is " + text);
}

// 0, or why not; ETIMEDOUT where nothing answered in time.
int connect_to(const addrinfo& address, Descriptor& socket) {
  Descriptor made(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (made.get() < 0) return errno;
  if (::connect(made.get(), address.ai_addr, address.ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return errno;
    pollfd wait{made.get(), POLLOUT, 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(kConnectMax.count()));
    if (ready == 0) return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(made.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return error;
  }
  socket = std::move(made);
  return 0;
}

Finding not_connected(const Way& way, const addrinfo& address, int why) {
  const std::string at = shown(address.ai_addr, address.ai_addrlen);
  if (why == ETIMEDOUT) {
    Finding found =
        failure(fmt::format("Connection timeout when connecting to {}: {} does not answer within {} s",
                            way.host.subject, at, kConnectMax.count() / 1000),
                "packets are dropped on the way",
                fmt::format("Verify that the VPC endpoint is in the right subnets, that its security group allows port "
                            "{} from here, and the route tables",
                            way.host.port));
    found.issue = kIssueTimeout;
    return found;
  }
  if (why == ECONNREFUSED) {
    return failure(fmt::format("{} refuses connections", at), "the host is there, but nothing listens at that port",
                   "Check the port (PostgreSQL 5432, Redshift 5439, the Data API 443), and that the server runs");
  }
  return failure(fmt::format("{} cannot be reached: {}", at, std::generic_category().message(why)),
                 "there is no way to it from here", "Check routes, subnets and firewalls between here and there");
}

Finding connect(Way& way) {
  if (way.host.by_proxy) return skipped("HTTPS_PROXY stands between: the proxy connects");
  int why = 0;
  const addrinfo* last = nullptr;
  // A name may have an IPv6 address that leads nowhere: the first that takes us counts, as for every client.
  for (const addrinfo* each = way.addresses.get(); each != nullptr; each = each->ai_next) {
    last = each;
    why = connect_to(*each, way.socket);
    if (why == 0) return good(shown(each->ai_addr, each->ai_addrlen) + " takes connections");
    if (why == ETIMEDOUT) break;  // the others would only take as long again
  }
  if (last == nullptr) return skipped("no address");
  return not_connected(way, *last, why);
}

Finding silent(const Way& way) {
  Finding found =
      failure(fmt::format("Connection timeout when connecting to {}: it took the connection and never answered",
                          way.host.subject),
              "what listens there hangs, or a proxy on the way holds the connection",
              "Check the server's health, and what stands between here and it (load balancer, VPC endpoint, firewall)");
  found.issue = kIssueTimeout;
  return found;
}

// PostgreSQL's SSLRequest (manual, section 55.2.12): one byte comes back, S or N.
Finding ask_postgres(Way& way) {
  constexpr std::array<unsigned char, 8> kSslRequest{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f};
  const std::string& mode = way.host.sslmode;
  if (mode == "disable") return good("off (sslmode=disable)");
  const int socket = way.socket.get();
  if (::send(socket, kSslRequest.data(), kSslRequest.size(), MSG_NOSIGNAL) != std::ssize(kSslRequest))
    return silent(way);
  pollfd wait{socket, POLLIN, 0};
  if (::poll(&wait, 1, static_cast<int>(kAnswerMax.count())) == 0) return silent(way);
  char answer = 0;
  const ssize_t size = ::recv(socket, &answer, 1, 0);
  way.socket = Descriptor();
  if (size == 1 && answer == 'S') return good(fmt::format("offered (sslmode={})", mode.empty() ? "prefer" : mode));
  const bool is_demanded = mode == "require" || mode == "verify-ca" || mode == "verify-full";
  if (size == 1 && answer == 'N') {
    if (!is_demanded)
      return good(fmt::format("not offered, not demanded (sslmode={})", mode.empty() ? "prefer" : mode));
    return failure(fmt::format("the server offers no TLS, the URL demands it (sslmode={})", mode),
                   "no connection is made",
                   "Switch TLS on at the server; or, where the way is yours, write ?sslmode=disable");
  }
  return failure("what answers does not speak PostgreSQL's protocol",
                 "it is another service, or a proxy that closes the connection",
                 "Check host and port: the Data API (443) is no place for a postgresql:// or redshift:// URL");
}

Finding ask_http(Way& way) {
  const Host& host = way.host;
  const bool secure = host.speaks == Speaks::https;
  const bool local = way.addresses && is_loopback(*way.addresses);
  way.socket = Descriptor();
  curl::HttpClient client({.ca_file = host.ca_file});
  const bool bare = host.name.find(':') == std::string::npos;
  const auto answer = client.send({.method = "GET",
                                   .url = fmt::format("{}://{}:{}/", secure ? "https" : "http",
                                                      bare ? host.name : '[' + host.name + ']', host.port),
                                   .headers = {},
                                   .body = {},
                                   .connect_timeout = kConnectMax,
                                   .timeout = kAnswerMax});
  using Kind = curl::Failure::Kind;
  if (!answer && answer.error().kind == Kind::timeout) return silent(way);
  if (!answer && answer.error().kind == Kind::tls) {
    return failure("no secure connection: " + answer.error().detail, "we do not call what we cannot be sure of",
                   "Check that the endpoint is an HTTPS service of AWS, and this machine's certificates "
                   "(ca-certificates, AWS_CA_BUNDLE) and clock; a cluster's own host speaks no HTTPS: write "
                   "redshift://HOST:5439");
  }
  if (!answer) {
    return failure("no answer: " + answer.error().detail, host.subject + " cannot be asked anything",
                   "Look for a proxy or load balancer on the way, and whether this is an HTTP service at all");
  }
  if (secure) return good("answers by TLS");
  if (local) return good("answers, plain HTTP on this machine");
  return warning("answers by plain HTTP", "statements and events can be read on the way",
                 "Write https:// in the endpoint");
}

}  // namespace

Host host_of_url(const std::string& url) {
  Host host;
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return host;
  host.speaks = url.starts_with("https://") ? Speaks::https : Speaks::http;
  const std::string_view rest = std::string_view(url).substr(scheme + 3);
  std::string_view place = rest.substr(0, rest.find_first_of("/?#"));
  place.remove_prefix(place.rfind('@') == std::string_view::npos ? 0 : place.rfind('@') + 1);
  const std::size_t bracket = place.find(']');
  const std::size_t colon = place.find(':', bracket == std::string_view::npos ? 0 : bracket);
  host.port = colon == std::string_view::npos ? (host.speaks == Speaks::https ? "443" : "80")
                                              : std::string(place.substr(colon + 1));
  host.name = bracket == std::string_view::npos ? place.substr(0, colon) : place.substr(1, bracket - 1);
  return host;
}

bool has_proxy() {
  for (const char* name : {"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return true;
  }
  return false;
}

std::vector<Step> network_steps(const Host& host) {
  if (host.name.empty() || host.name.starts_with('/') || host.name.find(',') != std::string::npos) return {};
  const auto way = std::make_shared<Way>();
  way->host = host;
  std::vector<Step> steps{
      {"resolve", [way] { return resolve(*way); }},
      {"connect", [way] { return connect(*way); }},
      {"tls", [way] { return way->host.speaks == Speaks::postgres ? ask_postgres(*way) : ask_http(*way); }}};
  for (std::size_t i = 1; i < steps.size(); ++i) steps[i].host = host.subject;
  return steps;
}

}  // namespace twinshift::app
