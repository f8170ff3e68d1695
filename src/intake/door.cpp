#include "intake/door.hpp"

#include <chrono>
#include <limits>
#include <utility>

#include "base/ids.hpp"
#include "config/address_list.hpp"
#include "config/text.hpp"

namespace twinshift::intake {
namespace {

using namespace std::chrono_literals;
namespace log = base::log;

constexpr auto kLookEvery = 1s;
constexpr auto kNever = std::numeric_limits<base::SteadyTime::rep>::max();
constexpr std::string_view kForwardedFor = "x-forwarded-for";

base::Result<GuardRules> rules_of(const config::Settings& settings) {
  GuardRules rules;
  auto tokens = config::parse_token_list(settings.webhook_tokens);
  if (!tokens) return base::fail(std::move(tokens.error()));
  auto allow = config::parse_address_list("WEBHOOK_ALLOW", settings.webhook_allow);
  if (!allow) return base::fail(std::move(allow.error()));
  auto proxies = config::parse_address_list("TRUSTED_PROXIES", settings.trusted_proxies);
  if (!proxies) return base::fail(std::move(proxies.error()));
  rules.tokens = std::move(*tokens);
  rules.token_header = config::lower(settings.webhook_token_header);
  rules.allow = std::move(*allow);
  rules.proxies = std::move(*proxies);
  rules.connections_per_client = static_cast<std::size_t>(settings.http_connections_per_client_max);
  rules.requests_per_client = static_cast<std::size_t>(settings.http_requests_per_client);
  return rules;
}

}  // namespace

Door::Door(const base::Clock& clock)
    : clock_(clock),
      next_look_(kNever),
      rates_(base::random_seed()),
      guard_(std::make_shared<const Guard>(GuardRules{})) {}

std::shared_ptr<const Guard> Door::guard() const {
  const std::lock_guard lock(guard_mutex_);
  return guard_;
}

base::Status Door::replace(const config::Settings& settings) {
  auto rules = rules_of(settings);
  if (!rules) return base::fail(std::move(rules.error()));
  std::unique_ptr<TokenFile> file;
  std::vector<config::AppToken> from_file;
  if (!settings.webhook_tokens_file.empty()) {
    file = std::make_unique<TokenFile>(settings.webhook_tokens_file);
    auto read = file->read_if_changed();
    if (!read) return base::fail(std::move(read.error()));
    if (*read) from_file = std::move(**read);
  }
  const std::lock_guard lock(mutex_);
  rules_ = std::move(*rules);
  file_ = std::move(file);
  use(std::move(from_file));
  next_look_.store(file_ ? (clock_.steady() + kLookEvery).time_since_epoch().count() : kNever);
  return {};
}

// Under mutex_.
void Door::use(std::vector<config::AppToken> from_file) {
  GuardRules rules = rules_;
  for (auto& entry : from_file) rules.tokens.push_back(std::move(entry));
  const bool asks = !rules.tokens.empty() || !rules.allow.empty() || rules.requests_per_client > 0;
  auto guard = std::make_shared<const Guard>(std::move(rules));
  const bool asks_for_app = guard->has_app_tokens();
  {
    const std::lock_guard lock(guard_mutex_);
    guard_.swap(guard);
  }
  asks_.store(asks);
  asks_for_app_.store(asks_for_app);
}

std::vector<std::string> Door::headers_of(const config::Settings& settings) {
  std::vector<std::string> names;
  if (!settings.webhook_tokens.empty() || !settings.webhook_tokens_file.empty()) {
    names.push_back(config::lower(settings.webhook_token_header));
  }
  if (!settings.trusted_proxies.empty()) names.emplace_back(kForwardedFor);
  return names;
}

void Door::look_at_file() {
  const base::SteadyTime now = clock_.steady();
  auto due = next_look_.load(std::memory_order_relaxed);
  if (now.time_since_epoch().count() < due) return;
  // One thread looks; the others go by what is there.
  if (!next_look_.compare_exchange_strong(due, (now + kLookEvery).time_since_epoch().count())) return;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock() || !file_) return;
  auto read = file_->read_if_changed();
  if (!read) {
    log::error("The webhook's tokens were not read again: those read before stay good").add(read.error());
  } else if (*read) {
    log::info("The webhook's tokens were read again")
        .add("file", file_->path().string())
        .add("tokens", (*read)->size());
    use(std::move(**read));
  }
}

Admission Door::admit(const http::Request& head) {
  if (!asks_.load(std::memory_order_relaxed)) return Admission::granted;
  look_at_file();
  const auto now = guard();
  const base::IpAddress client = now->client_of(head);
  if (!now->allows(client)) {
    tell("address", client, "WEBHOOK_ALLOW does not hold it; behind a load balancer set TRUSTED_PROXIES");
    return Admission::address;
  }
  const std::size_t rate = now->rules().requests_per_client;
  if (rate > 0 && !rates_.take(client, rate, clock_.steady())) {
    tell("rate", client, "It sends more than HTTP_REQUESTS_PER_CLIENT a second");
    return Admission::rate;
  }
  if (!now->knows(head)) {
    tell("token", client, "It shows no token of WEBHOOK_TOKENS in WEBHOOK_TOKEN_HEADER");
    return Admission::token;
  }
  return Admission::granted;
}

bool Door::admits_app(const http::Request& head, std::string_view app_id) {
  const auto now = guard();
  if (now->knows_for(head, app_id)) return true;
  tell("app", now->client_of(head), "The token belongs to another app than the event's app_id");
  return false;
}

std::size_t Door::connections_max(const base::IpAddress& peer) const {
  const auto now = guard();
  const GuardRules& rules = now->rules();
  if (rules.connections_per_client == 0 || config::contains(rules.proxies, peer)) return 0;
  return rules.connections_per_client;
}

void Door::tell(std::string_view reason, const base::IpAddress& client, std::string_view hint) {
  const std::lock_guard lock(told_mutex_);
  const auto count = told_.pass(reason, std::chrono::steady_clock::now());
  if (!count) return;
  log::warn("A request to the webhook was refused")
      .add("reason", reason)
      .add("client", client.text())
      .add("hint", hint)
      .add("count", *count);
}

}  // namespace twinshift::intake
