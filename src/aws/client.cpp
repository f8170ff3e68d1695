#include "aws/client.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "aws/error_answer.hpp"
#include "aws/failure_text.hpp"
#include "aws/retry.hpp"
#include "aws/signer.hpp"
#include "aws/throttles.hpp"
#include "base/ids.hpp"

namespace twinshift::aws {
namespace {

// From here on a refused signature is taken to be about the clock; AWS allows some 15 minutes.
constexpr std::chrono::minutes kSkewSuspect{4};
constexpr std::string_view kUserAgent = "twinshift";

// A proxy that tells what it was sent, or a refusal of the signature that shows what was signed.
bool quotes_secret(std::string_view message, const Credentials& credentials) {
  const auto holds = [&](std::string_view secret) {
    return !secret.empty() && message.find(secret) != std::string_view::npos;
  };
  return holds("Signature=") || holds(credentials.session_token) || holds(credentials.secret_access_key);
}

// Ends early where stop is requested; false then.
bool wait(std::chrono::milliseconds duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any ended;
  std::unique_lock lock(mutex);
  ended.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

curl::Request plain_request(const ClientOptions& options, const Call& call) {
  curl::Request request;
  request.url = options.endpoint + (options.endpoint.ends_with('/') ? "" : "/");
  request.connect_timeout = options.connect_timeout;
  request.timeout = call.timeout;
  request.headers.push_back({"User-Agent", std::string(kUserAgent)});
  const std::string_view target = options.service.target_prefix;
  if (options.service.protocol == Protocol::query) {
    request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"});
    request.body = "Action=" + std::string(call.operation) + "&Version=" + std::string(target);
    if (!call.body.empty()) request.body += '&' + call.body;
    return request;
  }
  const bool older = options.service.protocol == Protocol::json_1_0;
  request.headers.push_back({"Content-Type", older ? "application/x-amz-json-1.0" : "application/x-amz-json-1.1"});
  request.headers.push_back({"X-Amz-Target", std::string(target) + '.' + std::string(call.operation)});
  request.body = call.body;
  return request;
}

}  // namespace

// What became of one try.
struct Try {
  Outcome<Answer> outcome;
  // Set where another try may help.
  bool again = false;
  bool throttled = false;
  bool at_once = false;  // something was mended (clock, credentials): no wait
  std::optional<std::chrono::milliseconds> wish = std::nullopt;
};

class Client::Impl {
 public:
  explicit Impl(ClientOptions options) : options_(std::move(options)) {}

  Outcome<Answer> call(const Call& call);
  [[nodiscard]] const ClientOptions& options() const { return options_; }
  [[nodiscard]] std::uint64_t requests() const { return requests_.load(std::memory_order_relaxed); }

 private:
  Try send(const Call& call, bool& mended);
  Try answered(const Call& call, curl::Response response, const Credentials& credentials, bool& mended);
  Try unanswered(const Call& call, const curl::Failure& failure) const;
  bool mend(const ErrorAnswer& answer, std::chrono::seconds skew, const Credentials& credentials);
  [[nodiscard]] std::chrono::seconds offset() const {
    return std::chrono::seconds(offset_s_.load(std::memory_order_relaxed));
  }
  [[nodiscard]] std::chrono::seconds skew_of(const curl::Response& response) const;

  const ClientOptions options_;
  RetryBudget budget_;
  std::atomic<std::int64_t> offset_s_{0};  // the other side's clock less ours
  std::atomic<std::uint64_t> requests_{0};
};

Outcome<Answer> Client::Impl::call(const Call& call) {
  base::Random random(base::random_seed());
  bool mended = false;
  int last_cost = 0;
  for (int tries = 1;; ++tries) {
    Try done = send(call, mended);
    if (done.outcome) {
      budget_.succeeded(last_cost);
      return std::move(done.outcome);
    }
    if (!done.again || (tries >= call.tries_max && !done.at_once) || call.stop.stop_requested()) {
      return std::move(done.outcome);
    }
    if (done.at_once) continue;
    last_cost = done.throttled ? kThrottleCost : kRetryCost;
    if (!budget_.take(last_cost)) return std::move(done.outcome);
    if (!wait(retry_wait(tries, done.throttled, done.wish, random), call.stop)) return std::move(done.outcome);
  }
}

Try Client::Impl::send(const Call& call, bool& mended) {
  curl::Request request = plain_request(options_, call);
  Credentials credentials;
  if (options_.credentials) {
    auto got = options_.credentials->get();
    if (!got) return {std::unexpected(unsigned_call(options_, call, std::move(got.error())))};
    credentials = std::move(*got);
    sign(request, credentials, {options_.region, std::string(options_.service.signing_name)},
         options_.clock->now() + offset());
  }
  requests_.fetch_add(1, std::memory_order_relaxed);
  auto response = options_.http->send(request, call.stop);
  if (!response) return unanswered(call, response.error());
  return answered(call, std::move(*response), credentials, mended);
}

Try Client::Impl::unanswered(const Call& call, const curl::Failure& failure) const {
  using Kind = curl::Failure::Kind;
  const bool hopeless = failure.kind == Kind::cancelled || failure.kind == Kind::invalid || failure.kind == Kind::tls ||
                        failure.kind == Kind::too_large;
  return {.outcome = std::unexpected(aws::unanswered(options_, call, failure)),
          .again = !hopeless && (call.idempotent || !failure.sent)};
}

std::chrono::seconds Client::Impl::skew_of(const curl::Response& response) const {
  const auto theirs = parse_http_date(response.header("date"));
  if (!theirs) return std::chrono::seconds(0);
  return std::chrono::round<std::chrono::seconds>(*theirs - options_.clock->now());
}

Try Client::Impl::answered(const Call& call, curl::Response response, const Credentials& credentials, bool& mended) {
  ErrorAnswer answer;
  const bool good = response.status >= 200 && response.status < 300;
  if (good && looks_like_answer(response, options_.service.protocol)) {
    std::string id = request_id_of(response);
    return {Answer{std::move(response.body), std::move(id)}};
  }
  if (!good) answer = read_error(response, options_.service.protocol);
  if (quotes_secret(answer.message, credentials)) answer.message = "(its text quotes our signature and is left out)";
  const std::chrono::seconds skew = skew_of(response);
  Try out{.outcome = std::unexpected(refused(options_, call, response, answer, skew))};
  if (answer.trouble == Trouble::credentials || answer.trouble == Trouble::clock) {
    out.at_once = !std::exchange(mended, true) && mend(answer, skew, credentials);
    out.again = out.at_once;
    return out;
  }
  out.throttled = answer.trouble == Trouble::throttled;
  if (out.throttled) count_throttle(options_.service);
  out.again = out.throttled || (answer.trouble == Trouble::transient && call.idempotent);
  out.wish = retry_wish(response);
  return out;
}

// True: another try has another chance.
bool Client::Impl::mend(const ErrorAnswer& answer, std::chrono::seconds skew, const Credentials& credentials) {
  if (answer.trouble == Trouble::credentials) {
    if (options_.credentials) options_.credentials->refuse(credentials);
    return options_.credentials != nullptr;
  }
  if (std::chrono::abs(skew - offset()) < kSkewSuspect) return false;
  offset_s_.store(skew.count(), std::memory_order_relaxed);
  return true;
}

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Client::~Client() = default;

Outcome<Answer> Client::call(const Call& call) {
  return impl_->call(call);
}

const ClientOptions& Client::options() const {
  return impl_->options();
}

std::uint64_t Client::requests() const {
  return impl_->requests();
}

}  // namespace twinshift::aws
