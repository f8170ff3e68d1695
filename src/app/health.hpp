// GET /health and GET /ready. /health says that the process lives, /ready that it can do its job.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/auditor.hpp"
#include "base/clock.hpp"
#include "books/keeper.hpp"
#include "delivery/delivery.hpp"
#include "http/server.hpp"
#include "quarantine/quarantine.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::app {

struct Parts {
  queue::EventQueue* queue = nullptr;
  const delivery::Delivery* delivery = nullptr;  // none where the consumer is disabled
  quarantine::Quarantine* quarantine = nullptr;  // none in tests
  const books::Keeper* books = nullptr;          // likewise
  const Auditor* auditor = nullptr;              // none where there is nothing to compare
  std::shared_ptr<const void> keeps{};           // keeps these alive while somebody looks at them
  // What deliveries before this one have counted (a reload); none in tests.
  const std::vector<delivery::TargetStatus>* counted_before = nullptr;
};

// Thread-safe; handlers run on io threads.
class Health {
 public:
  // `parts` is asked for each answer: a reload changes them. Any thread.
  Health(std::function<Parts()> parts, const base::Clock& clock) : parts_(std::move(parts)), clock_(clock) {}
  // For tests: these do not change.
  Health(Parts parts, const base::Clock& clock) : Health([parts = std::move(parts)] { return parts; }, clock) {}

  // Whether whoever asks may see all of /ready; else it tells no more than whether. On io threads.
  using SeesAll = std::function<bool(const http::Request&)>;
  void add_routes(http::Routes& routes, SeesAll sees_all);
  // From now on /ready is 503: traffic should go elsewhere.
  void stopping() { stopping_ = true; }
  // Before the lanes make way for others (a reload): that the primary has answered once must not be forgotten with
  // them.
  void remember_primary();

  // For tests: status code and body.
  struct Ready {
    bool ready;
    std::string body;
  };
  Ready ready(bool short_ready = false);
  [[nodiscard]] std::string health() const;

 private:
  void note_primary(const delivery::TargetStatus& target);

  const std::function<Parts()> parts_;
  const base::Clock& clock_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> primary_seen_{false};  // it has answered once, before a reload too
};

}  // namespace twinshift::app
