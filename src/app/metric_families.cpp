#include "app/metric_families.hpp"

#include <chrono>
#include <limits>
#include <prometheus/text_serializer.h>

namespace twinshift::app {

using prometheus::ClientMetric;
using prometheus::MetricType;

MetricFamilies::Family MetricFamilies::declare(const char* name, const char* help, MetricType type) {
  families_.push_back({.name = name, .help = help, .type = type, .metric = {}});
  return {*this, families_.size() - 1};
}

MetricFamilies::Family MetricFamilies::gauge(const char* name, const char* help) {
  return declare(name, help, MetricType::Gauge);
}

MetricFamilies::Family MetricFamilies::counter(const char* name, const char* help) {
  return declare(name, help, MetricType::Counter);
}

MetricFamilies::Family MetricFamilies::histogram(const char* name, const char* help) {
  return declare(name, help, MetricType::Histogram);
}

void MetricFamilies::Family::add(MetricLabels labels, double value) {
  prometheus::MetricFamily& family = all_.families_[index_];
  ClientMetric& metric = family.metric.emplace_back();
  metric.label = std::move(labels);
  if (family.type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
}

void MetricFamilies::Family::add(MetricLabels labels, const base::LatencyCounts& counts) {
  ClientMetric& metric = all_.families_[index_].metric.emplace_back();
  metric.label = std::move(labels);
  ClientMetric::Histogram& out = metric.histogram;
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
