// Metric families in Prometheus's text format, in the order of their first use. One thread.
#pragma once

#include <prometheus/metric_family.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/histogram.hpp"

namespace twinshift::app {

using MetricLabels = std::vector<prometheus::ClientMetric::Label>;

class MetricFamilies {
 public:
  // Samples of one name come one after the other: the format wants them together. `help` ends in a full stop.
  void gauge(const char* name, const char* help, MetricLabels labels, double value);
  // `name` ends in _total.
  void counter(const char* name, const char* help, MetricLabels labels, double value);
  void histogram(const char* name, const char* help, MetricLabels labels, const base::LatencyCounts& counts);

  [[nodiscard]] std::string text() const;

 private:
  prometheus::ClientMetric& next(const char* name, const char* help, prometheus::MetricType type, MetricLabels labels);
  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace twinshift::app
