// What the webhook's door costs a request, beside what every request costs: the check of its body.
#include <string>

#include <benchmark/benchmark.h>

#include "intake/body_check.hpp"
#include "intake/door.hpp"

namespace twinshift::intake {
namespace {

const std::string kToken(64, 'f');  // as `openssl rand -hex 32` makes one
constexpr int kTokensMax = 1'000;

std::string event() {
  return R"({"appsflyer_id":"1700000000000-1234567","event_name":"af_purchase","event_time":"2024-01-01 12:00:00",)"
         R"("app_id":"com.example.shop","customer_user_id":"user-1","platform":"android","event_value":"{\"af_revenue\":)"
         R"(\"9.99\"}","country_code":"DE","city":"Berlin","media_source":"organic","campaign":"winter"})";
}

http::Request head() {
  http::Request head;
  head.path = "/webhook/appsflyer";
  head.headers.emplace_back("authorization", "Bearer " + kToken);
  return head;
}

// `tokens` of them, ours the last; for one app each where `by_app`.
config::Settings settings(std::int64_t tokens, bool by_app = false) {
  config::Settings settings;
  const auto add = [&](const std::string& token) {
    if (!settings.webhook_tokens.empty()) settings.webhook_tokens += ',';
    settings.webhook_tokens += (by_app ? "com.example.shop=" : "") + token;
  };
  for (std::int64_t i = 1; i < tokens; ++i) add("another-token-" + std::to_string(i));
  if (tokens > 0) add(kToken);
  return settings;
}

void check_body_alone(benchmark::State& state) {
  const std::string body = event();
  for (auto _ : state) {
    std::string copy = body;
    benchmark::DoNotOptimize(check_body(copy));
  }
}
BENCHMARK(check_body_alone);

void admit(benchmark::State& state) {
  Door door;
  if (!door.replace(settings(state.range(0)))) return state.SkipWithError("the settings are refused");
  const http::Request request = head();
  if (door.admit(request) != Admission::granted) return state.SkipWithError("the token is refused");
  for (auto _ : state) benchmark::DoNotOptimize(door.admit(request));
}
BENCHMARK(admit)->Arg(0)->Arg(1)->Arg(10)->Arg(kTokensMax);

void admit_by_app(benchmark::State& state) {
  Door door;
  if (!door.replace(settings(state.range(0), true))) return state.SkipWithError("the settings are refused");
  const http::Request request = head();
  const std::string body = event();
  for (auto _ : state) {
    benchmark::DoNotOptimize(door.admit(request));
    benchmark::DoNotOptimize(door.admits_app(request, app_id_of(body)));
  }
}
BENCHMARK(admit_by_app)->Arg(1)->Arg(10);

}  // namespace
}  // namespace twinshift::intake
