// GET /metrics in Prometheus's text format: the books, what is owed and parity, as gauges read at each scrape. Names
// and labels: docs/operations.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/auditor.hpp"
#include "books/keeper.hpp"
#include "delivery/delivery.hpp"
#include "http/server.hpp"

namespace twinshift::app {

// Thread-safe; the handler runs on io threads. Each may be empty (no consumer, no secondary) and outlives the server.
class Metrics {
 public:
  Metrics(const delivery::Delivery* delivery, const books::Keeper* books, const Auditor* auditor)
      : delivery_(delivery), books_(books), auditor_(auditor) {}

  void add_routes(http::Routes& routes);

 private:
  const delivery::Delivery* delivery_;
  const books::Keeper* books_;
  const Auditor* auditor_;
};

// For tests. `parity`: nothing where there is nothing to compare.
std::string metrics_text(const std::vector<books::TargetBooks>& books,
                         const std::vector<delivery::TargetStatus>& targets,
                         const std::optional<proof::ParityState>& parity, base::WallTime now);

}  // namespace twinshift::app
