#include "intake/webhook.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <utility>

#include "base/ids.hpp"
#include "base/json_text.hpp"
#include "base/log.hpp"
#include "base/time_text.hpp"
#include "event/event.hpp"
#include "intake/body_check.hpp"
#include "intake/pending_answers.hpp"

namespace twinshift::intake {
namespace {

constexpr int kTooLarge = 413;
constexpr int kForbidden = 403;

namespace log = base::log;
using base::ErrorKind;

constexpr const char* kPaths[] = {"/webhook/appsflyer", "/api/webhook/appsflyer"};

bool is_ours(std::string_view path) {
  return std::ranges::find(kPaths, path, [](const char* ours) { return std::string_view(ours); }) != std::end(kPaths);
}

http::Response failure(int status, std::string_view error) {
  http::Response response;
  response.status = status;
  response.body = base::JsonObject().add("success", false).add("error", error).text();
  return response;
}

http::Response success(std::string_view message_id, base::WallTime now) {
  http::Response response;
  response.body = base::JsonObject()
                      .add("success", true)
                      .add("messageId", message_id)
                      .add("timestamp", base::iso8601_ms(now))
                      .text();
  return response;
}

// By reason. Any thread.
template <std::size_t kReasons>
class Counters {
 public:
  template <class Reason>
  void add(Reason reason) {
    counts_[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
  }
  // Also their sum.
  std::uint64_t read(std::array<std::uint64_t, kReasons>& into) const {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < kReasons; ++i) all += into[i] = counts_[i].load(std::memory_order_relaxed);
    return all;
  }

 private:
  std::array<std::atomic<std::uint64_t>, kReasons> counts_{};
};

// A copy is kept of larger events only, until the queue has them: a queue may be unable to hold those.
constexpr std::size_t kMayNotFitBytes = 4U << 10U;

}  // namespace

std::string_view to_string(RefusedFor reason) {
  switch (reason) {
    case RefusedFor::body:
      return "body";
    case RefusedFor::field:
      return "field";
    case RefusedFor::query:
      return "query";
    case RefusedFor::too_large:
      return "too_large";
    case RefusedFor::encoding:
      return "encoding";
    case RefusedFor::token:
      return "token";
    case RefusedFor::address:
      return "address";
    case RefusedFor::app:
      return "app";
  }
  return "?";
}

std::string_view to_string(TurnedAwayFor reason) {
  switch (reason) {
    case TurnedAwayFor::full:
      return "full";
    case TurnedAwayFor::queue:
      return "queue";
    case TurnedAwayFor::late:
      return "late";
    case TurnedAwayFor::stopping:
      return "stopping";
    case TurnedAwayFor::rate:
      return "rate";
  }
  return "?";
}

struct Webhook::Impl {
  WebhookOptions options;
  queue::EventQueue& queue;
  queue::RefusedStore& refused_store;
  const base::Clock& clock;
  std::atomic<bool> strict;  // options.strict, until set_strict()
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> accepted{0};
  Counters<kRefusedFor.size()> refused;
  Counters<kTurnedAwayFor.size()> turned_away;
  base::LatencyHistogram latency;
  PendingAnswers answers;

  Impl(WebhookOptions o, queue::EventQueue& q, queue::RefusedStore& r, const base::Clock& c)
      : options(o), queue(q), refused_store(r), clock(c), strict(o.strict), answers(o.answer_within, [this] {
          return turn_away(TurnedAwayFor::late, "The event could not be stored in time; send it again later");
        }) {}

  http::Response turn_away(TurnedAwayFor reason, std::string_view why) {
    turned_away.add(reason);
    http::Response response = failure(503, why);
    response.headers.emplace_back("Retry-After", std::to_string(options.retry_after.count()));
    return response;
  }

  void take_post(http::Request request, http::Responder responder) {
    if (auto checked = check_body(request.body); !checked) {
      return refuse(RefusedFor::body, std::move(request), std::move(responder), checked.error());
    }
    take(std::move(request), std::move(responder));
  }

  void take_get(http::Request request, http::Responder responder) {
    if (request.query.empty()) {
      const base::Error missing{ErrorKind::invalid,
                                "There is no query string: send the event's fields in it, or POST one JSON object",
                                "webhook", ""};
      return refuse(RefusedFor::query, std::move(request), std::move(responder), missing);
    }
    auto body = event::object_from_query(request.query);
    if (!body) {
      request.body = std::move(request.query);
      return refuse(RefusedFor::query, std::move(request), std::move(responder), body.error());
    }
    request.body = std::move(*body);
    take(std::move(request), std::move(responder));
  }

  http::Response stranger(RefusedFor reason, int status, std::string_view why) {
    refused.add(reason);
    http::Response response = failure(status, why);
    if (reason == RefusedFor::token) response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
  }

  std::optional<http::Response> check_head(const http::Request& head) {
    if (options.door == nullptr || !is_ours(head.path)) return std::nullopt;
    switch (options.door->admit(head)) {
      case Admission::granted:
        return std::nullopt;
      case Admission::address:
        return stranger(RefusedFor::address, kForbidden, "Events are not taken from this address");
      case Admission::token:
        return stranger(RefusedFor::token, 401, "This needs the webhook's token, as it is set at AppsFlyer");
      case Admission::rate:
        return turn_away(TurnedAwayFor::rate, "Too many requests from this address; send the event again later");
    }
    return std::nullopt;
  }

  // A token proves one app: it is no good for the events of another.
  bool is_for_its_app(const http::Request& request) {
    return options.door == nullptr || !options.door->asks_for_app() ||
           options.door->admits_app(request, app_id_of(request.body));
  }

  void take(http::Request request, http::Responder responder) {
    if (!is_for_its_app(request)) {
      const base::Error other{ErrorKind::invalid, "The token that was shown belongs to another app than the event",
                              "webhook", ""};
      return refuse(RefusedFor::app, std::move(request), std::move(responder), other);
    }
    if (strict.load(std::memory_order_relaxed)) {
      if (auto checked = check_required_fields(request.body); !checked) {
        return refuse(RefusedFor::field, std::move(request), std::move(responder), checked.error());
      }
    }
    if (stopping.load(std::memory_order_relaxed)) {
      return responder.send(turn_away(TurnedAwayFor::stopping, "The service is stopping; send the event again"));
    }
    enqueue(std::move(request.body), std::move(responder));
  }

  void enqueue(std::string body, http::Responder responder) {
    queue::Message message{std::move(body), base::uuid_v7(clock), clock.now()};
    if (log::enabled(log::Level::debug)) {
      log::debug("Received AppsFlyer webhook").add("messageId", message.message_id).add("bytes", message.body.size());
    }
    auto answer = answers.add(std::move(responder));
    std::string id = message.message_id;
    std::string copy;
    if (message.body.size() > kMayNotFitBytes) copy = message.body;
    queue.enqueue(std::move(message), [this, answer = std::move(answer), id = std::move(id),
                                       copy = std::move(copy)](base::Status stored) mutable {
      const bool too_large = !stored && stored.error().kind == ErrorKind::invalid && !copy.empty();
      if (too_large) return keep_too_large(answer, std::move(copy));
      settle(*answer, id, stored);
    });
  }

  // No retry mends it: SQS holds at most 1 MiB, and this does not fit compressed either.
  void keep_too_large(const PendingAnswers::Handle& answer, std::string event) {
    constexpr std::string_view kWhy = "The event is larger than the queue can hold";
    refused.add(RefusedFor::too_large);
    log::warn("An event is larger than the queue can hold: it is kept among the refused bodies")
        .add("bytes", event.size())
        .add("hint", "Raise the SQS queue's MaximumMessageSize to 1 MiB");
    refused_store.keep({clock.now(), 413, std::string(kWhy), "/webhook/appsflyer", std::move(event)},
                       [answer, kWhy](const base::Status&) {
                         if (answer->claim()) answer->send(failure(413, kWhy));
                       });
  }

  // On the queue's writer thread.
  void settle(PendingAnswers::Answer& answer, const std::string& id, const base::Status& stored) {
    if (stored) {
      accepted.fetch_add(1, std::memory_order_relaxed);
      if (log::enabled(log::Level::debug)) log::debug("Data pushed to SQS").add("messageId", id);
    }
    if (!answer.claim()) return;
    if (!stored) return answer.send(cannot_store(stored.error().kind));
    latency.add(std::chrono::steady_clock::now() - (answer.deadline() - options.answer_within));
    answer.send(success(id, clock.now()));
  }

  http::Response cannot_store(ErrorKind why) {
    if (why == ErrorKind::full) {
      return turn_away(TurnedAwayFor::full,
                       "There is no room for events now: the disk is down to its reserve, or too many wait; send "
                       "the event again later");
    }
    return turn_away(TurnedAwayFor::queue, "The queue cannot take events now; send the event again later");
  }

  // Kept first, then answered: a sender may take a 4xx as final.
  void refuse(RefusedFor reason, http::Request request, http::Responder responder, const base::Error& error) {
    refused.add(reason);
    const int status = reason == RefusedFor::app ? kForbidden : 400;
    auto answer = std::make_shared<http::Responder>(std::move(responder));
    queue::RefusedBody body;
    body.received_at = clock.now();
    body.status = status;
    body.reason = error.message;
    body.path = request.path;
    body.body = std::move(request.body);
    refused_store.keep(std::move(body), [answer, status, text = error.message](
                                            const base::Status& /*kept: the store counts what it drops*/) {
      answer->send(failure(status, text));
    });
  }
};

Webhook::Webhook(WebhookOptions options, queue::EventQueue& queue, queue::RefusedStore& refused,
                 const base::Clock& clock)
    : impl_(std::make_unique<Impl>(options, queue, refused, clock)) {}
Webhook::~Webhook() = default;

void Webhook::add_routes(http::Routes& routes) {
  for (const char* path : kPaths) {
    routes.add("POST", path, [this](http::Request request, http::Responder responder) {
      impl_->take_post(std::move(request), std::move(responder));
    });
    routes.add("GET", path, [this](http::Request request, http::Responder responder) {
      impl_->take_get(std::move(request), std::move(responder));
    });
  }
}

std::optional<http::Response> Webhook::check_head(const http::Request& head) {
  return impl_->check_head(head);
}

void Webhook::keep_refused(http::Refusal refusal) {
  if (!is_ours(refusal.path)) return;
  impl_->refused.add(refusal.status == kTooLarge ? RefusedFor::too_large : RefusedFor::encoding);
  queue::RefusedBody body;
  body.received_at = impl_->clock.now();
  body.status = refusal.status;
  body.reason = std::move(refusal.reason);
  if (refusal.status == kTooLarge)
    body.reason += "; kept here: its first " + std::to_string(refusal.body.size()) + " bytes";
  body.path = std::move(refusal.path);
  body.body = std::move(refusal.body);
  impl_->refused_store.keep(std::move(body), [](const base::Status&) {});
}

void Webhook::set_strict(bool strict) {
  impl_->strict = strict;
}

void Webhook::stop_taking() {
  impl_->stopping = true;
}

WebhookStats Webhook::stats() const {
  WebhookStats stats{.accepted = impl_->accepted.load(std::memory_order_relaxed)};
  stats.refused = impl_->refused.read(stats.refused_for);
  stats.turned_away = impl_->turned_away.read(stats.turned_away_for);
  stats.late = stats.turned_away_for[static_cast<std::size_t>(TurnedAwayFor::late)];
  stats.latency = impl_->latency.read();
  return stats;
}

}  // namespace twinshift::intake
