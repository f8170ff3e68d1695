// Connection parameters from a URL, with our defaults. Any thread.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "base/error.hpp"

namespace twinshift::pg {

enum class Scheme { postgresql, redshift };

// libpq's keywords (PostgreSQL 15 manual, section 34.1.2) and their values. May hold a password: show `where`.
struct Parameters {
  Scheme scheme = Scheme::postgresql;
  std::map<std::string, std::string> values;
  std::string where;  // "host:port/database", for messages
};

inline constexpr int kRedshiftPort = 5439;

// `postgresql://`, `postgres://` or `redshift://`, as libpq reads a URI; what it says wins over our defaults:
//   both: keepalives, tcp_user_timeout, application_name `twinshift`, client_encoding UTF8;
//   redshift: port 5439, sslmode verify-full with the system's CA file as sslrootcert (libpq 15 has no
//   `sslrootcert=system`; reference: manual 34.1.2, "sslrootcert").
// A non-empty `password_file` (its first line) is the password. Errors (`invalid`, `unavailable`) never hold the URL.
base::Result<Parameters> parse_url(const std::string& url, const std::string& password_file = {});

// The first CA bundle of this machine that can be read; empty where there is none.
std::string system_ca_file();

}  // namespace twinshift::pg
