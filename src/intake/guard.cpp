#include "intake/guard.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <openssl/crypto.h>

#include "config/address_list.hpp"
#include "config/text.hpp"

namespace twinshift::intake {
namespace {

// Of X-Forwarded-For; no chain of proxies is longer.
constexpr int kHopsMax = 32;
// What is longer is no token; with room for the scheme and blanks.
constexpr std::size_t kShownBytesMax = config::kTokenBytesMax + 100;
constexpr std::string_view kAddressesPassedOn = "x-forwarded-for";

// "203.0.113.7", "203.0.113.7:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80": a load balancer may be set to
// add the port.
std::optional<base::IpAddress> hop_in(std::string_view text) {
  text = config::trimmed(text);
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const auto behind = text.substr(end + 1);
    if (!behind.empty() && !behind.starts_with(':')) return std::nullopt;
    return base::parse_ip_address(text.substr(1, end - 1));
  }
  if (std::ranges::count(text, ':') == 1) text = text.substr(0, text.find(':'));
  return base::parse_ip_address(text);
}

// Several lines are one list, in their order.
std::string joined(const http::Request& head, std::string_view name) {
  std::string out;
  for (const auto& [key, value] : head.headers) {
    if (key != name) continue;
    if (!out.empty()) out += ',';
    out += value;
  }
  return out;
}

}  // namespace

Guard::Guard(GuardRules rules) : rules_(std::move(rules)) {
  for (auto& entry : rules_.tokens) {
    has_app_tokens_ = has_app_tokens_ || !entry.app_id.empty();
    known_.push_back({base::sha256(entry.token), std::move(entry.app_id)});
    OPENSSL_cleanse(entry.token.data(), entry.token.size());
  }
  rules_.tokens.clear();
}

base::IpAddress Guard::client_of(const http::Request& head) const {
  base::IpAddress client = head.client;
  if (!config::contains(rules_.proxies, client)) return client;
  const std::string list = joined(head, kAddressesPassedOn);
  std::string_view left = list;
  for (int hop = 0; hop < kHopsMax && !left.empty(); ++hop) {
    const auto comma = left.rfind(',');
    const auto address = hop_in(comma == std::string_view::npos ? left : left.substr(comma + 1));
    if (!address) return client;
    client = *address;
    if (!config::contains(rules_.proxies, client) || comma == std::string_view::npos) return client;
    left = left.substr(0, comma);
  }
  return client;
}

bool Guard::allows(const base::IpAddress& client) const {
  return rules_.allow.empty() || config::contains(rules_.allow, client);
}

bool Guard::shown_in(const http::Request& head, Hash& into) const {
  const std::string* shown = nullptr;
  for (const auto& [name, value] : head.headers) {
    if (name != rules_.token_header) continue;
    if (shown != nullptr) return false;
    shown = &value;
  }
  if (shown == nullptr || shown->size() > kShownBytesMax) return false;
  into = base::sha256(config::bare_token(*shown));
  return true;
}

bool Guard::knows(const http::Request& head) const {
  if (known_.empty()) return true;
  Hash shown;
  if (!shown_in(head, shown)) return false;
  bool found = false;
  for (const Known& known : known_) found |= CRYPTO_memcmp(shown.data(), known.hash.data(), shown.size()) == 0;
  return found;
}

bool Guard::knows_for(const http::Request& head, std::string_view app_id) const {
  if (known_.empty()) return true;
  Hash shown;
  if (!shown_in(head, shown)) return false;
  bool found = false;
  for (const Known& known : known_) {
    const bool same = CRYPTO_memcmp(shown.data(), known.hash.data(), shown.size()) == 0;
    found |= same && (known.app_id.empty() || app_id.empty() || known.app_id == app_id);
  }
  return found;
}

}  // namespace twinshift::intake
