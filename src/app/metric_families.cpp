#include "app/metric_families.hpp"

#include <chrono>
#include <limits>
#include <prometheus/text_serializer.h>

namespace twinshift::app {

using prometheus::ClientMetric;
using prometheus::MetricType;

ClientMetric& MetricFamilies::next(const char* name, const char* help, MetricType type, MetricLabels labels) {
  if (families_.empty() || families_.back().name != name) {
    families_.push_back({.name = name, .help = help, .type = type, .metric = {}});
  }
  ClientMetric& metric = families_.back().metric.emplace_back();
  metric.label = std::move(labels);
  return metric;
}

void MetricFamilies::gauge(const char* name, const char* help, MetricLabels labels, double value) {
  next(name, help, MetricType::Gauge, std::move(labels)).gauge.value = value;
}

void MetricFamilies::counter(const char* name, const char* help, MetricLabels labels, double value) {
  next(name, help, MetricType::Counter, std::move(labels)).counter.value = value;
}

void MetricFamilies::histogram(const char* name, const char* help, MetricLabels labels,
                               const base::LatencyCounts& counts) {
  ClientMetric::Histogram& out = next(name, help, MetricType::Histogram, std::move(labels)).histogram;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < counts.counts.size(); ++i) {
    sum += counts.counts[i];
    const bool last = i == base::kLatencyBounds.size();
    out.bucket.push_back({.cumulative_count = sum,
                          .upper_bound = last ? std::numeric_limits<double>::infinity() : base::kLatencyBounds[i]});
  }
  out.sample_count = sum;
  out.sample_sum = std::chrono::duration<double>(counts.sum).count();
}

std::string MetricFamilies::text() const {
  return prometheus::TextSerializer().Serialize(families_);
}

}  // namespace twinshift::app
