// The webhook's door: who comes in, by the settings of the moment, which may be replaced while requests arrive.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "config/settings.hpp"
#include "http/server.hpp"
#include "intake/client_rates.hpp"
#include "intake/guard.hpp"
#include "intake/token_file.hpp"

namespace twinshift::intake {

enum class Admission : std::uint8_t { granted, address, token, rate };

// Any thread, all of it.
class Door {
 public:
  // With nothing set: everybody comes in. replace() says what the settings say.
  explicit Door(const base::Clock& clock = base::system_clock());

  // From now on these settings count: WEBHOOK_TOKENS, _TOKENS_FILE, _TOKEN_HEADER, _ALLOW, TRUSTED_PROXIES,
  // HTTP_CONNECTIONS_PER_CLIENT_MAX, HTTP_REQUESTS_PER_CLIENT. Reads the file of tokens. After an error (`invalid`,
  // `unavailable`) all is as it was. Requests whose head has been looked at already are not asked again, but for their
  // app. The server must keep headers_of(settings) by then (http::Server::keep_headers).
  base::Status replace(const config::Settings& settings);
  // In lower case.
  static std::vector<std::string> headers_of(const config::Settings& settings);

  // Looks at most once a second whether the file of tokens has changed; one that cannot be read leaves the tokens that
  // were read before, and is told once. Who is refused is told in the log, now and then.
  Admission admit(const http::Request& head);
  // Whether what the request shows is good for an event of this app; without an app id it is.
  [[nodiscard]] bool admits_app(const http::Request& head, std::string_view app_id);
  // An event's app matters: the caller need not look for it otherwise.
  [[nodiscard]] bool asks_for_app() const { return asks_for_app_.load(std::memory_order_relaxed); }
  // How many connections this address may have open; 0: no bound.
  [[nodiscard]] std::size_t connections_max(const base::IpAddress& peer) const;

 private:
  [[nodiscard]] std::shared_ptr<const Guard> guard() const;
  void look_at_file();
  void use(std::vector<config::AppToken> from_file);
  void tell(std::string_view reason, const base::IpAddress& client, std::string_view hint);

  const base::Clock& clock_;
  std::atomic<bool> asks_{false};  // anything at all
  std::atomic<bool> asks_for_app_{false};
  std::atomic<base::SteadyTime::rep> next_look_{0};  // at the file; never: the largest
  ClientRates rates_;

  // No std::atomic<std::shared_ptr>: g++ 12's load() ends its turn without release order, a data race with a store().
  mutable std::mutex guard_mutex_;
  std::shared_ptr<const Guard> guard_;  // guard_mutex_

  std::mutex mutex_;
  std::unique_ptr<TokenFile> file_;  // mutex_
  GuardRules rules_;                 // mutex_; what the settings say, without the file's tokens
  base::log::Throttle told_;         // told_mutex_
  std::mutex told_mutex_;
};

}  // namespace twinshift::intake
