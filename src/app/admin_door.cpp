#include "app/admin_door.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/sha256.hpp"
#include "http/response_text.hpp"

namespace twinshift::app {
namespace {

constexpr std::string_view kBearer = "bearer ";
constexpr std::string_view kBasic = "basic ";
constexpr std::size_t kShownMax = 4'096;  // of a header; a longer one is no token of ours

// Of equal length whatever was shown, so that the comparison tells nothing of it.
std::string hash_of(std::string_view text) {
  const base::Sha256Sum sum = base::sha256(text);
  return {reinterpret_cast<const char*>(sum.data()), sum.size()};
}

bool begins(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  return std::ranges::equal(text.substr(0, lower.size()), lower, [](char one, char other) {
    return (one >= 'A' && one <= 'Z' ? static_cast<char>(one - 'A' + 'a') : one) == other;
  });
}

std::optional<std::string> base64_decoded(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  const auto padding = static_cast<std::size_t>(std::ranges::count(text.substr(text.size() - 2), '='));
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

std::string shown_in(std::string_view header) {
  if (header.size() > kShownMax) return {};
  if (begins(header, kBearer)) return std::string(header.substr(kBearer.size()));
  if (!begins(header, kBasic)) return {};
  const auto pair = base64_decoded(header.substr(kBasic.size()));
  const std::size_t colon = pair ? pair->find(':') : std::string::npos;
  return colon == std::string::npos ? std::string() : pair->substr(colon + 1);
}

http::Response unauthorized() {
  http::Response response = http::error_response(401, "This needs the ADMIN_TOKEN, as a bearer token or a password");
  response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"twinshift\", charset=\"UTF-8\"");
  return response;
}

}  // namespace

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  in_addr four{};
  if (::inet_pton(AF_INET, host.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24U) == 127;
  in6_addr six{};
  return ::inet_pton(AF_INET6, host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

bool asks_for_nothing(const config::Settings& settings) {
  return settings.webhook_tokens.empty() && settings.webhook_tokens_file.empty() && settings.webhook_allow.empty();
}

bool is_open_to_all(const config::Settings& settings) {
  return !is_loopback(settings.host) && asks_for_nothing(settings);
}

AdminDoor::AdminDoor(const config::Settings& settings)
    : token_hash_(settings.admin_token.empty() ? "" : hash_of(settings.admin_token)),
      elsewhere_(settings.admin_port != 0),
      shut_(settings.admin_port == 0 && settings.admin_token.empty() && !is_loopback(settings.host)) {}

bool AdminDoor::knows(const http::Request& request) const {
  constexpr auto kName = &std::pair<std::string, std::string>::first;
  const auto header = std::ranges::find(request.headers, "authorization", kName);
  // Of two a proxy in front may have looked at the other one: neither counts, as at the webhook's door.
  const bool is_one = std::ranges::count(request.headers, "authorization", kName) == 1;
  const std::string shown = hash_of(is_one ? shown_in(header->second) : "");
  return CRYPTO_memcmp(shown.data(), token_hash_.data(), token_hash_.size()) == 0;
}

bool AdminDoor::lets_in(const http::Request& request) const {
  return !shut_ && (token_hash_.empty() || knows(request));
}

http::Handler AdminDoor::guard(http::Handler handler) const {
  if (shut_) {
    return [](const http::Request&, http::Responder responder) {
      responder.send(http::error_response(
          403,
          "Closed on an address that others reach: set ADMIN_PORT or ADMIN_TOKEN (docs/page.md), or HOST=127.0.0.1"));
    };
  }
  if (token_hash_.empty()) return handler;
  return [this, handler = std::move(handler)](http::Request request, http::Responder responder) {
    if (!knows(request)) return responder.send(unauthorized());
    handler(std::move(request), std::move(responder));
  };
}

}  // namespace twinshift::app
