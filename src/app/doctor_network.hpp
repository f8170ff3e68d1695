// The way to a host, step by step: its name, its port, what answers there. Any thread; each function blocks up to its
// own limit, but for the system's resolver, which has limits of its own (resolv.conf).
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "app/doctor_check.hpp"
#include "app/doctor_run.hpp"

namespace twinshift::app {

inline constexpr std::chrono::milliseconds kConnectMax{3'000};
inline constexpr std::chrono::milliseconds kAnswerMax{4'000};

enum class Speaks : std::uint8_t { http, https, postgres };

struct Host {
  std::string name;  // a name or an address
  std::string port;  // digits
  Speaks speaks = Speaks::postgres;
  std::string sslmode;    // libpq's, of postgres
  std::string ca_file;    // of https; empty: the system's
  std::string subject;    // "secondary Redshift", as the log calls it
  bool by_proxy = false;  // HTTPS_PROXY stands between: the name and the port are the proxy's affair
};

// Host and port of http://, https:// URLs; without a name where it is none.
Host host_of_url(const std::string& url);
// Does the environment name a proxy for https?
bool has_proxy();

// resolve, connect and tls. Empty where there is no single host to ask (a local socket, several hosts).
std::vector<Step> network_steps(const Host& host);

}  // namespace twinshift::app
