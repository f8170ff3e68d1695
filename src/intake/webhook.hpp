// The webhook: from a request to an answer that is sent only when the event is durable.
//
// Handlers run on the HTTP server's io threads and never block. Completion runs on the queue's writer thread, the time
// limit on a thread of this class.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/histogram.hpp"
#include "http/server.hpp"
#include "intake/door.hpp"
#include "queue/event_queue.hpp"
#include "queue/refused_store.hpp"

namespace twinshift::intake {

struct WebhookOptions {
  // `WEBHOOK_STRICT`: a missing appsflyer_id, event_name or event_time is a 400 with the predecessor's text.
  bool strict = false;
  // Not durable by then: 503, while the write goes on (a later resend is recognised by its content).
  std::chrono::milliseconds answer_within{1500};
  // What Retry-After tells a sender whose event we could not take.
  std::chrono::seconds retry_after{5};
  // Who comes in; must outlive the webhook. Null: everybody.
  Door* door = nullptr;
};

// Why a body was answered with 4xx.
enum class RefusedFor : std::uint8_t {
  body,       // no JSON object
  field,      // WEBHOOK_STRICT: a field is missing
  query,      // a GET whose query string is none, or is no text
  too_large,  // for us, or for the queue
  encoding,   // a Content-Encoding that could not be undone
  token,      // 401: none of WEBHOOK_TOKENS was shown; nothing is kept
  address,    // 403: not in WEBHOOK_ALLOW; nothing is kept
  app,        // 403: the token belongs to another app
};
inline constexpr std::array kRefusedFor{RefusedFor::body,      RefusedFor::field,    RefusedFor::query,
                                        RefusedFor::too_large, RefusedFor::encoding, RefusedFor::token,
                                        RefusedFor::address,   RefusedFor::app};
std::string_view to_string(RefusedFor reason);

// Why an event was answered with 503.
enum class TurnedAwayFor : std::uint8_t {
  full,   // the disk is down to its reserve, or too many wait
  queue,  // the queue cannot take it now
  late,   // not durable in time; it may still have been stored
  stopping,
  rate,  // one client sends more than HTTP_REQUESTS_PER_CLIENT
};
inline constexpr std::array kTurnedAwayFor{TurnedAwayFor::full, TurnedAwayFor::queue, TurnedAwayFor::late,
                                           TurnedAwayFor::stopping, TurnedAwayFor::rate};
std::string_view to_string(TurnedAwayFor reason);

struct WebhookStats {
  std::uint64_t accepted = 0;     // durable and answered with 200
  std::uint64_t refused = 0;      // 4xx
  std::uint64_t turned_away = 0;  // 503
  std::uint64_t late = 0;         // of these, not durable in time; they may still have been stored
  std::array<std::uint64_t, kRefusedFor.size()> refused_for{};         // by RefusedFor
  std::array<std::uint64_t, kTurnedAwayFor.size()> turned_away_for{};  // by TurnedAwayFor
  base::LatencyCounts latency{};  // of what was accepted in time: from the whole request to its answer
};

class Webhook {
 public:
  // `queue` and `refused` must outlive this object; `close()` the queue before destroying it, so that no completion is
  // left.
  Webhook(WebhookOptions options, queue::EventQueue& queue, queue::RefusedStore& refused,
          const base::Clock& clock = base::system_clock());
  ~Webhook();
  Webhook(const Webhook&) = delete;
  Webhook& operator=(const Webhook&) = delete;

  // POST and GET on /webhook/appsflyer and /api/webhook/appsflyer.
  void add_routes(http::Routes& routes);
  // For http::Options::check_head: 401, 403 or 503 for who may not post events here (now). Other paths are not asked.
  std::optional<http::Response> check_head(const http::Request& head);
  // For http::Options::on_refusal: bodies the server refused before a handler saw them.
  void keep_refused(http::Refusal refusal);
  // WEBHOOK_STRICT, for what is checked from now on. Any thread.
  void set_strict(bool strict);
  // From now on everything is answered with 503: the service is stopping.
  void stop_taking();

  [[nodiscard]] WebhookStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace twinshift::intake
