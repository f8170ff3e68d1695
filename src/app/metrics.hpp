// GET /metrics in Prometheus's text format: the books and what is owed, as gauges read at each scrape. Names and
// labels: docs/operations.md.
#pragma once

#include <string>
#include <vector>

#include "books/keeper.hpp"
#include "delivery/delivery.hpp"
#include "http/server.hpp"

namespace twinshift::app {

// Thread-safe; the handler runs on io threads. Both may be empty (no consumer) and outlive the server.
class Metrics {
 public:
  Metrics(const delivery::Delivery* delivery, const books::Keeper* books) : delivery_(delivery), books_(books) {}

  void add_routes(http::Routes& routes);

 private:
  const delivery::Delivery* delivery_;
  const books::Keeper* books_;
};

// For tests.
std::string metrics_text(const std::vector<books::TargetBooks>& books,
                         const std::vector<delivery::TargetStatus>& targets);

}  // namespace twinshift::app
