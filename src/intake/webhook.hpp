// The webhook: from a request to an answer that is sent only when the event is durable.
//
// Handlers run on the HTTP server's io threads and never block. Completion runs on the queue's writer thread, the time
// limit on a thread of this class.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "http/server.hpp"
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
};

struct WebhookStats {
  std::uint64_t accepted = 0;     // durable and answered with 200
  std::uint64_t refused = 0;      // 4xx
  std::uint64_t turned_away = 0;  // 503
  std::uint64_t late = 0;         // of these, not durable in time; they may still have been stored
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
  // For http::Options::on_refusal: bodies the server refused before a handler saw them.
  void keep_refused(http::Refusal refusal);
  // From now on everything is answered with 503: the service is stopping.
  void stop_taking();

  [[nodiscard]] WebhookStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace twinshift::intake
