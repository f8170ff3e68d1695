// All that is there to watch the service: the page, /api/status, /metrics, lines for CloudWatch; on the webhook's port
// or on one of its own (docs/page.md).
//
// start(), stop() and the destructor by one thread; requests are answered on io threads.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "app/admin_door.hpp"
#include "app/emf.hpp"
#include "app/health.hpp"
#include "app/metrics.hpp"
#include "app/status_board.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"
#include "http/server.hpp"

namespace twinshift::app {

class AdminSite {
 public:
  struct Parts {
    const config::Settings* settings = nullptr;
    const base::Clock* clock = nullptr;
    Health* health = nullptr;
    std::function<MetricsInput()> read{};  // any thread, several at once
    http::Options options{};               // of the webhook's server
  };
  explicit AdminSite(Parts parts);
  ~AdminSite();
  AdminSite(const AdminSite&) = delete;
  AdminSite& operator=(const AdminSite&) = delete;

  // Before the webhook's server begins. Errors: of ADMIN_PORT.
  base::Status start();
  // The routes of the webhook's port: /health and /ready, and the rest where it is not elsewhere.
  void add_routes(http::Routes& routes);
  // Viewers are sent away, and nothing is read any more. Idempotent.
  void stop();
  // After stop(), once delivery has ended: the last lines for CloudWatch, so that what landed meanwhile is in them.
  void tell_the_end();

 private:
  void add_admin_routes(http::Routes& routes);
  base::Status start_server();
  [[nodiscard]] std::vector<RefusedWhy> read_refused() const;

  const Parts parts_;
  const AdminDoor door_;
  Metrics metrics_;
  StatusBoard board_;
  std::unique_ptr<EmfReporter> emf_;      // none where METRICS_EMF is off
  std::unique_ptr<http::Server> server_;  // none without ADMIN_PORT
};

}  // namespace twinshift::app
