#include "app/metrics.hpp"

#include <utility>

#include "app/metrics_parts.hpp"

namespace twinshift::app {

std::string metrics_text(const MetricsInput& input) {
  MetricFamilies families;
  add_intake(families, input);
  add_queue(families, input.queue);
  add_targets(families, input);
  add_backlogs(families, input.targets);
  add_books(families, input.books);
  add_parity(families, input.parity, input.now);
  add_aws(families, input.aws_throttles);
  add_process(families, input.process);
  return families.text();
}

std::string Metrics::text() {
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (text_.empty() || now - made_ >= kMetricsKept) {
    text_ = metrics_text(read_());
    made_ = now;
  }
  return text_;
}

void Metrics::answer(http::Responder responder) {
  http::Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = text();
  responder.send(std::move(response));
}

}  // namespace twinshift::app
