// GET /metrics in Prometheus's text format, read at each scrape, but not more often than kMetricsKept. Names and
// labels: docs/metrics.md, which a test holds in step.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/auditor.hpp"
#include "app/process_usage.hpp"
#include "aws/throttles.hpp"
#include "books/keeper.hpp"
#include "delivery/delivery.hpp"
#include "http/server.hpp"
#include "intake/webhook.hpp"
#include "quarantine/quarantine.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::app {

// Whoever scrapes more often gets the same again.
inline constexpr std::chrono::milliseconds kMetricsKept{250};

// One moment's figures.
struct MetricsInput {
  intake::WebhookStats intake{};
  http::Stats http{};
  queue::QueueStatus queue{};
  std::vector<delivery::TargetStatus> targets{};
  quarantine::QuarantineStatus quarantine{};
  std::vector<books::TargetBooks> books{};
  std::optional<proof::ParityState> parity{};  // nothing where there is nothing to compare
  std::vector<aws::ServiceThrottles> aws_throttles{};
  ProcessUsage process{};
  std::optional<base::WallTime> certificate_ends{};  // nothing without TLS
  base::WallTime now{};
};

// Thread-safe; requests are answered on io threads.
class Metrics {
 public:
  // `read` may be called from any thread, also while somebody else calls it.
  explicit Metrics(std::function<MetricsInput()> read) : read_(std::move(read)) {}

  void answer(http::Responder responder);
  [[nodiscard]] std::string text();

 private:
  const std::function<MetricsInput()> read_;
  std::mutex mutex_;
  std::string text_;                              // mutex_
  std::chrono::steady_clock::time_point made_{};  // mutex_
};

std::string metrics_text(const MetricsInput& input);

}  // namespace twinshift::app
