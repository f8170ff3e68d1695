// Who may post events: addresses and tokens, decided from a request's head. Immutable: any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.hpp"
#include "base/sha256.hpp"
#include "config/token_list.hpp"
#include "http/server.hpp"

namespace twinshift::intake {

struct GuardRules {
  std::vector<config::AppToken> tokens;    // empty: none is asked for
  std::string token_header;                // lower case
  std::vector<base::IpNetwork> allow;      // empty: everybody
  std::vector<base::IpNetwork> proxies;    // whose X-Forwarded-For is believed
  std::size_t connections_per_client = 0;  // 0: no bound
  std::size_t requests_per_client = 0;     // a second; 0: no bound
};

class Guard {
 public:
  explicit Guard(GuardRules rules);

  [[nodiscard]] const GuardRules& rules() const { return rules_; }
  // Who sends: the other end of the connection, or, where that is a trusted proxy, the rightmost address of
  // X-Forwarded-For that is none. What is no address there ends the search at the proxy that passed it on: what stands
  // to its left may be anybody's word.
  [[nodiscard]] base::IpAddress client_of(const http::Request& head) const;
  [[nodiscard]] bool allows(const base::IpAddress& client) const;
  // The token's header is there once and shows a token of ours. Takes the same time whichever it is.
  [[nodiscard]] bool knows(const http::Request& head) const;
  // ... and one that is good for this app.
  [[nodiscard]] bool knows_for(const http::Request& head, std::string_view app_id) const;
  // Some token belongs to one app only.
  [[nodiscard]] bool has_app_tokens() const { return has_app_tokens_; }

 private:
  using Hash = base::Sha256Sum;  // of one length whatever was shown
  struct Known {
    Hash hash;
    std::string app_id;  // empty: every app
  };
  // False where nothing is shown that could be a token.
  bool shown_in(const http::Request& head, Hash& into) const;

  GuardRules rules_;  // its tokens are emptied: they are kept as hashes only
  std::vector<Known> known_;
  bool has_app_tokens_ = false;
};

}  // namespace twinshift::intake
