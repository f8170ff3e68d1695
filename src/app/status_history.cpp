#include "app/status_history.hpp"

#include <algorithm>
#include <utility>

namespace twinshift::app {
namespace {

constexpr std::size_t kSuccessSteps = 60;  // five minutes

double per_second(std::uint64_t now, std::uint64_t before, std::chrono::nanoseconds took) {
  const double seconds = std::chrono::duration<double>(took).count();
  return seconds <= 0 || now < before ? 0 : static_cast<double>(now - before) / seconds;
}

}  // namespace

StatusHistory::Sample StatusHistory::sample_of(const MetricsInput& input, base::SteadyTime at) {
  Sample sample{.at = at, .accepted = input.intake.accepted, .latency = input.intake.latency, .targets = {}};
  for (const delivery::TargetStatus& target : input.targets) {
    sample.targets[target.name] = {.rows = target.landed,
                                   .attempts = target.tally.attempts,
                                   .commits = target.tally.commits,
                                   .owed = target.owed,
                                   .latency = target.tally.commit_latency};
  }
  return sample;
}

const StatusHistory::TargetSample* StatusHistory::find(const Sample& sample, const std::string& target) {
  const auto found = sample.targets.find(target);
  return found == sample.targets.end() ? nullptr : &found->second;
}

void StatusHistory::take(const MetricsInput& input, base::SteadyTime at) {
  Sample sample = sample_of(input, at);
  if (last_) {
    const auto took = at - last_->at;
    accepted_rate_ = per_second(sample.accepted, last_->accepted, took);
    for (const auto& [name, target] : sample.targets) {
      const TargetSample* const before = find(*last_, name);
      row_rates_[name] = before == nullptr ? 0 : per_second(target.rows, before->rows, took);
    }
  }
  if (steps_.empty() || at - steps_.back().at >= kStep) {
    steps_.push_back(sample);
    if (steps_.size() > kSteps + 1) steps_.pop_front();
  }
  last_ = std::move(sample);
}

StatusHistory::Series StatusHistory::series() const {
  Series series;
  for (std::size_t i = 1; i < steps_.size(); ++i) {
    const Sample& before = steps_[i - 1];
    const Sample& now = steps_[i];
    const auto took = now.at - before.at;
    series.accepted_per_second.push_back(per_second(now.accepted, before.accepted, took));
    series.latency_p99_ms.push_back(1'000 * now.latency.since(before.latency).quantile(0.99).value_or(0));
    for (const auto& [name, target] : now.targets) {
      const TargetSample* const then = find(before, name);
      TargetSeries& out = series.targets[name];
      out.rows_per_second.push_back(then == nullptr ? 0 : per_second(target.rows, then->rows, took));
      out.owed.push_back(static_cast<double>(target.owed));
    }
  }
  return series;
}

double StatusHistory::rows_per_second(const std::string& target) const {
  const auto found = row_rates_.find(target);
  return found == row_rates_.end() ? 0 : found->second;
}

// So many steps ago, or the oldest there is.
const StatusHistory::Sample* StatusHistory::back(std::size_t steps) const {
  if (steps_.empty()) return nullptr;
  return &steps_[steps_.size() > steps ? steps_.size() - 1 - steps : 0];
}

base::LatencyCounts StatusHistory::intake_latency() const {
  const Sample* const before = back(kMinuteSteps);
  if (before == nullptr || !last_) return {};
  return last_->latency.since(before->latency);
}

base::LatencyCounts StatusHistory::commit_latency(const std::string& target) const {
  const Sample* const before = back(kMinuteSteps);
  const TargetSample* const now = last_ ? find(*last_, target) : nullptr;
  if (before == nullptr || now == nullptr) return {};
  const TargetSample* const then = find(*before, target);
  return now->latency.since(then == nullptr ? base::LatencyCounts() : then->latency);
}

std::optional<double> StatusHistory::success_percent(const std::string& target) const {
  const Sample* const before = back(kSuccessSteps);
  const TargetSample* const now = last_ ? find(*last_, target) : nullptr;
  if (before == nullptr || now == nullptr) return std::nullopt;
  const TargetSample* const then = find(*before, target);
  const std::uint64_t attempts = now->attempts - (then == nullptr ? 0 : then->attempts);
  const std::uint64_t commits = now->commits - (then == nullptr ? 0 : then->commits);
  if (attempts == 0) return std::nullopt;
  return std::min(100.0, 100 * static_cast<double>(commits) / static_cast<double>(attempts));
}

}  // namespace twinshift::app
