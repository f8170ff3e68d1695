#include "app/webhook_security.hpp"

#include <algorithm>
#include <utility>

#include "app/admin_door.hpp"
#include "app/service.hpp"
#include "base/log.hpp"

namespace twinshift::app {

namespace log = base::log;

std::vector<std::string> headers_kept(const std::vector<std::string>& more) {
  std::vector<std::string> names{"authorization", "if-none-match"};
  for (const auto& name : more) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

void tell_open_door(const config::Settings& settings, bool asked) {
  const bool opened = asked && asks_for_nothing(settings);
  if (!opened && !is_open_to_all(settings)) return;
  log::warn(opened ? "Anyone who reaches this port can now post events: the tokens or addresses of before are gone"
                   : "Anyone who reaches this port can post events: neither tokens nor addresses are asked for")
      .add("host", settings.host)
      .add("hint", opened ? "If it is not meant: set WEBHOOK_TOKENS or WEBHOOK_ALLOW again and send SIGHUP"
                          : "Set WEBHOOK_TOKENS or WEBHOOK_ALLOW (docs/security-intake.md), or HOST=127.0.0.1");
}

http::Options Service::webhook_http_options() {
  http::Options options = http_options();
  door_headers_ = intake::Door::headers_of(settings_);
  options.headers_kept = headers_kept(door_headers_);
  options.check_head = [this](const http::Request& head) { return webhook_->check_head(head); };
  options.connections_per_peer_max = [this](const base::IpAddress& peer) { return door_->connections_max(peer); };
  return options;
}

// Beside requests: from now on who may post events goes by these settings. After an error all is as it was.
base::Status Service::apply_security(const config::Settings& settings) {
  auto after = intake::Door::headers_of(settings);
  auto both = after;
  both.insert(both.end(), door_headers_.begin(), door_headers_.end());
  // A request that is under way while the header's name changes has either.
  server_->keep_headers(headers_kept(both));
  if (auto replaced = door_->replace(settings); !replaced) return replaced;
  server_->keep_headers(headers_kept(after));
  door_headers_ = std::move(after);
  tell_open_door(settings, door_asks_);
  door_asks_ = !asks_for_nothing(settings);
  return {};
}

LivePart Service::door_part() {
  return {.name = "webhook's door",
          .options = {"WEBHOOK_TOKENS", "WEBHOOK_TOKENS_FILE", "WEBHOOK_TOKEN_HEADER", "WEBHOOK_ALLOW",
                      "TRUSTED_PROXIES", "HTTP_CONNECTIONS_PER_CLIENT_MAX", "HTTP_REQUESTS_PER_CLIENT"},
          .apply = [this](const config::Settings& settings) { return apply_security(settings); }};
}

// Before anything is opened: a file that is wrong stops the start with nothing to undo.
base::Status Service::open_tls() {
  if (settings_.tls_cert_file.empty()) return {};
  auto opened = http::TlsContext::open({settings_.tls_cert_file, settings_.tls_key_file});
  if (!opened) return base::fail(std::move(opened.error()));
  tls_ = std::move(*opened);
  return {};
}

// A port that speaks plain HTTP goes on doing so, and the other way about: plan_reload() leaves that to a restart.
LivePart Service::tls_part() {
  return {.name = "TLS",
          .options = {"TLS_CERT_FILE", "TLS_KEY_FILE"},
          .reads_files = true,
          .apply = [this](const config::Settings& settings) {
            return tls_ ? tls_->take({settings.tls_cert_file, settings.tls_key_file}) : base::Status();
          }};
}

}  // namespace twinshift::app
