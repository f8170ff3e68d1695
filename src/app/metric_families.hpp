// Metric families in Prometheus's text format, in the order of their declaration. One thread.
#pragma once

#include <cstddef>
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
  // One family, for adding its samples. Not beyond the MetricFamilies that it is of.
  class Family {
   public:
    void add(MetricLabels labels, double value);
    void add(MetricLabels labels, const base::LatencyCounts& counts);  // of a histogram

   private:
    friend class MetricFamilies;
    Family(MetricFamilies& all, std::size_t index) : all_(all), index_(index) {}
    MetricFamilies& all_;
    std::size_t index_;
  };

  // Declared once: its name, type and help are in the text even where no sample is ever added. `help` ends in a full
  // stop.
  Family gauge(const char* name, const char* help);
  // `name` ends in _total.
  Family counter(const char* name, const char* help);
  Family histogram(const char* name, const char* help);

  // With its one sample.
  void gauge(const char* name, const char* help, double value) { gauge(name, help).add({}, value); }
  void counter(const char* name, const char* help, double value) { counter(name, help).add({}, value); }

  [[nodiscard]] std::string text() const;

 private:
  Family declare(const char* name, const char* help, prometheus::MetricType type);
  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace twinshift::app
