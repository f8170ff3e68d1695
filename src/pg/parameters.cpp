#include "pg/parameters.hpp"

#include <array>
#include <fstream>
#include <libpq-fe.h>
#include <memory>
#include <string_view>
#include <unistd.h>

namespace twinshift::pg {
namespace {

using base::ErrorKind;

constexpr std::string_view kRedshift = "redshift://";
// A password file longer than this is the wrong file.
constexpr std::size_t kPasswordBytesMax = 4096;

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

void set_default(Parameters& parameters, const std::string& name, std::string value) {
  parameters.values.emplace(name, std::move(value));
}

// Seconds: a peer that has vanished is noticed after about half a minute instead of the kernel's two hours.
void add_defaults(Parameters& parameters) {
  set_default(parameters, "application_name", "twinshift");
  set_default(parameters, "client_encoding", "UTF8");
  set_default(parameters, "keepalives", "1");
  set_default(parameters, "keepalives_idle", "15");
  set_default(parameters, "keepalives_interval", "5");
  set_default(parameters, "keepalives_count", "3");
  set_default(parameters, "tcp_user_timeout", "30000");
  if (parameters.scheme != Scheme::redshift) return;
  set_default(parameters, "port", std::to_string(kRedshiftPort));
  set_default(parameters, "sslmode", "verify-full");
  if (const std::string file = system_ca_file(); !file.empty()) set_default(parameters, "sslrootcert", file);
}

base::Result<std::string> read_password(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line) || line.empty() || line.size() > kPasswordBytesMax) {
    return base::fail(ErrorKind::unavailable, "the password file cannot be read, or its first line is empty", path,
                      "Put the password alone on its first line, readable for this process");
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::string value_of(const Parameters& parameters, const std::string& name, std::string preset) {
  const auto found = parameters.values.find(name);
  if (found == parameters.values.end() || found->second.empty()) return preset;
  return found->second;
}

std::string describe(const Parameters& parameters) {
  const std::string host = value_of(parameters, "host", value_of(parameters, "hostaddr", "the local socket"));
  const std::string port = value_of(parameters, "port", "5432");
  return host + ":" + port + "/" + value_of(parameters, "dbname", value_of(parameters, "user", ""));
}

}  // namespace

std::string system_ca_file() {
  // Debian and Ubuntu; Red Hat and Amazon Linux; Alpine.
  constexpr std::array kFiles = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                 "/etc/ssl/cert.pem"};
  for (const char* file : kFiles) {
    if (::access(file, R_OK) == 0) return file;
  }
  return {};
}

base::Result<Parameters> parse_url(const std::string& url, const std::string& password_file) {
  Parameters parameters;
  std::string uri = url;
  if (uri.starts_with(kRedshift)) {
    parameters.scheme = Scheme::redshift;
    uri.replace(0, kRedshift.size(), "postgresql://");
  }
  char* fault = nullptr;  // not shown: it may quote the URL
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(PQconninfoParse(uri.c_str(), &fault));
  PQfreemem(fault);
  if (!options || url.find('\0') != std::string::npos) {
    return base::fail(ErrorKind::invalid, "the URL is not one that libpq understands", "warehouse URL",
                      "Write postgresql://USER@HOST:PORT/DATABASE?name=value and percent-encode special characters");
  }
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) parameters.values[option->keyword] = option->val;
  }
  add_defaults(parameters);
  if (!password_file.empty()) {
    auto password = read_password(password_file);
    if (!password) return base::fail(std::move(password.error()));
    parameters.values["password"] = std::move(*password);
  }
  parameters.where = describe(parameters);
  return parameters;
}

}  // namespace twinshift::pg
