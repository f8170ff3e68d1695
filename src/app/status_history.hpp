// The last quarter of an hour, in steps: what the page's small charts show, and what rates and percentiles of the last
// minutes are made from. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/metrics.hpp"

namespace twinshift::app {

class StatusHistory {
 public:
  static constexpr std::chrono::seconds kStep{5};
  static constexpr std::size_t kSteps = 180;       // 15 minutes
  static constexpr std::size_t kMinuteSteps = 12;  // for percentiles and rates of the last minute

  // At any interval up to kStep; `at` never goes back.
  void take(const MetricsInput& input, base::SteadyTime at);

  struct TargetSeries {
    std::vector<double> rows_per_second;
    std::vector<double> owed;
  };
  struct Series {
    std::vector<double> accepted_per_second;  // by step, oldest first
    std::vector<double> latency_p99_ms;       // 0 where nothing came
    std::map<std::string, TargetSeries> targets;
  };
  [[nodiscard]] Series series() const;

  // Of the last two samples, a second apart or so; 0 before there are two.
  [[nodiscard]] double accepted_per_second() const { return accepted_rate_; }
  [[nodiscard]] double rows_per_second(const std::string& target) const;
  // Of the last minute; nothing where nothing came.
  [[nodiscard]] base::LatencyCounts intake_latency() const;
  [[nodiscard]] base::LatencyCounts commit_latency(const std::string& target) const;
  // Commits of the attempts of the last five minutes, in percent; nothing where nothing was tried.
  [[nodiscard]] std::optional<double> success_percent(const std::string& target) const;

 private:
  struct TargetSample {
    std::uint64_t rows = 0;
    std::uint64_t attempts = 0;
    std::uint64_t commits = 0;
    std::uint64_t owed = 0;
    base::LatencyCounts latency{};
  };
  struct Sample {
    base::SteadyTime at{};
    std::uint64_t accepted = 0;
    base::LatencyCounts latency{};
    std::map<std::string, TargetSample> targets;
  };
  static Sample sample_of(const MetricsInput& input, base::SteadyTime at);
  [[nodiscard]] const Sample* back(std::size_t steps) const;
  [[nodiscard]] static const TargetSample* find(const Sample& sample, const std::string& target);

  std::deque<Sample> steps_;  // at most kSteps + 1
  std::optional<Sample> last_;
  double accepted_rate_ = 0;
  std::map<std::string, double> row_rates_;
};

}  // namespace twinshift::app
