#include "app/emf.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.hpp"
#include "base/thread.hpp"
#include "base/time_text.hpp"

namespace twinshift::app {
namespace {

using delivery::TargetStatus;

// One line: its metrics are declared in the head and stand as members at the root.
class EmfLine {
 public:
  EmfLine(const std::string& name_space, base::WallTime at) : name_space_(name_space), at_(at) {}

  void dimension(const std::string& name, const std::string& value) {
    dimensions_ += (dimensions_.empty() ? "" : ",") + base::json_string(name);
    values_ += "," + base::json_string(name) + ':' + base::json_string(value);
  }
  void add(const char* name, const char* unit, std::optional<double> value) {
    if (!value || !std::isfinite(*value)) return;
    metrics_ += fmt::format("{}{{\"Name\":\"{}\",\"Unit\":\"{}\"}}", metrics_.empty() ? "" : ",", name, unit);
    values_ += fmt::format(",\"{}\":{:.12g}", name, *value);
  }
  void count(const char* name, std::uint64_t value) { add(name, "Count", static_cast<double>(value)); }

  [[nodiscard]] std::string text() const {
    return fmt::format(
        R"({{"_aws":{{"Timestamp":{},"CloudWatchMetrics":[{{"Namespace":{},"Dimensions":[[{}]],"Metrics":[{}]}}]}}{}}})",
        base::epoch_ms(at_), base::json_string(name_space_), dimensions_, metrics_, values_);
  }

 private:
  const std::string& name_space_;
  const base::WallTime at_;
  std::string dimensions_;
  std::string metrics_;
  std::string values_;
};

std::uint64_t grown(std::uint64_t now, std::uint64_t before) {
  return now > before ? now - before : 0;
}

std::optional<double> percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return std::min(100.0, 100 * static_cast<double>(part) / static_cast<double>(whole));
}

std::optional<double> milliseconds(std::optional<double> seconds) {
  return seconds ? std::optional(1'000 * *seconds) : std::nullopt;
}

double seconds(std::chrono::milliseconds time) {
  return std::chrono::duration<double>(time).count();
}

const TargetStatus* find(const MetricsInput& input, const std::string& name) {
  const auto found = std::ranges::find(input.targets, name, &TargetStatus::name);
  return found == input.targets.end() ? nullptr : &*found;
}

// Of the commits between the two moments.
base::LatencyCounts commits_of(const MetricsInput& before, const TargetStatus& now) {
  const TargetStatus* const then = find(before, now.name);
  return now.tally.commit_latency.since(then == nullptr ? base::LatencyCounts() : then->tally.commit_latency);
}

// How much longer the secondary takes for a batch than the primary, in the middle.
std::optional<double> latency_difference(const MetricsInput& before, const MetricsInput& now) {
  std::optional<double> primary;
  std::optional<double> secondary;
  for (const TargetStatus& target : now.targets) {
    (target.is_primary ? primary : secondary) = commits_of(before, target).quantile(0.5);
  }
  if (!primary || !secondary) return std::nullopt;
  return 1'000 * (*secondary - *primary);
}

std::string service_line(const std::string& name_space, const MetricsInput& before, const MetricsInput& now) {
  EmfLine line(name_space, now.now);
  line.dimension("Service", kEmfService);
  const std::uint64_t accepted = grown(now.intake.accepted, before.intake.accepted);
  const std::uint64_t refused = grown(now.intake.refused, before.intake.refused);
  const std::uint64_t turned_away = grown(now.intake.turned_away, before.intake.turned_away);
  line.count("IntakeAccepted", accepted);
  line.count("IntakeRefused", refused);
  line.count("IntakeTurnedAway", turned_away);
  line.add("IntakeErrorRate", "Percent", percent(refused + turned_away, accepted + refused + turned_away));
  const base::LatencyCounts latency = now.intake.latency.since(before.intake.latency);
  line.add("IntakeLatencyP50", "Milliseconds", milliseconds(latency.quantile(0.5)));
  line.add("IntakeLatencyP99", "Milliseconds", milliseconds(latency.quantile(0.99)));
  if (now.queue.depth_known) line.count("QueueDepth", now.queue.depth);
  line.add("QueueOldestAge", "Seconds", seconds(now.queue.oldest_age));
  line.count("DeadLetters", now.queue.dead_lettered);
  line.add("LatencyDifference", "Milliseconds", latency_difference(before, now));
  if (now.parity && now.parity->up_to) {
    line.add("ParityLag", "Seconds",
             std::max(0.0, std::chrono::duration<double>(now.now - *now.parity->up_to).count()));
  }
  if (now.parity && now.parity->last) line.count("AuditDifferences", now.parity->last->differences);
  return line.text();
}

void add_books(EmfLine& line, const MetricsInput& now, const std::string& target) {
  const auto found = std::ranges::find(now.books, target, &books::TargetBooks::name);
  if (found == now.books.end()) return;
  line.count("BooksCounted", found->counted_at && found->error.empty() ? 1 : 0);
  if (!found->counted_at) return;  // 0 would say that nothing is missing
  line.count("BooksMissing", found->missing);
  line.count("BooksSurplus", found->summary.surplus);
}

// Of one whose budget is used up 0, where there is no forecast any more: an alarm must not end with what it warned of.
std::optional<double> budget_seconds(const TargetStatus& target) {
  if (!target.backlog_storage) return std::nullopt;
  const auto& storage = *target.backlog_storage;
  if (storage.bytes >= storage.bytes_max) return 0;
  if (!storage.budget_used_in) return std::nullopt;
  return static_cast<double>(storage.budget_used_in->count());
}

void add_quarantine(EmfLine& line, const MetricsInput& now, const TargetStatus& target, const TargetStatus& then) {
  line.count("Quarantined", grown(target.quarantined, then.quarantined));
  const auto records = now.quarantine.records.find(target.name);
  line.count("QuarantineRecords", records == now.quarantine.records.end() ? 0 : records->second);
}

std::string target_line(const std::string& name_space, const MetricsInput& before, const MetricsInput& now,
                        const TargetStatus& target) {
  static const TargetStatus kNothing;
  const TargetStatus* const found = find(before, target.name);
  const TargetStatus& then = found == nullptr ? kNothing : *found;
  EmfLine line(name_space, now.now);
  line.dimension("Service", kEmfService);
  line.dimension("Target", target.name);
  const std::uint64_t attempts = grown(target.tally.attempts, then.tally.attempts);
  const std::uint64_t failed = grown(target.tally.failed(), then.tally.failed());
  line.add("InsertionSuccessRate", "Percent", percent(grown(target.tally.commits, then.tally.commits), attempts));
  line.add("ErrorRate", "Percent", percent(failed, attempts));
  line.count("InsertionAttempts", attempts);
  line.count("InsertionFailures", failed);
  line.count("Throttles",
             grown(target.tally.failed(base::ErrorKind::throttled), then.tally.failed(base::ErrorKind::throttled)));
  line.count("RowsInserted", grown(target.landed, then.landed));
  line.count("Duplicates", grown(target.duplicates, then.duplicates));
  const base::LatencyCounts commits = commits_of(before, target);
  line.add("CommitLatencyP50", "Milliseconds", milliseconds(commits.quantile(0.5)));
  line.add("CommitLatencyP99", "Milliseconds", milliseconds(commits.quantile(0.99)));
  line.count("BreakerOpen", target.state == delivery::TargetState::open ? 1 : 0);
  if (!target.is_primary) {
    line.count("BacklogEvents", target.owed);
    line.add("BacklogOldestAge", "Seconds", seconds(target.oldest_owed_age));
    line.add("BacklogBudget", "Seconds", budget_seconds(target));
  }
  add_quarantine(line, now, target, then);
  add_books(line, now, target.name);
  return line.text();
}

// One that is switched off has none, but for what it did before that, since the line before (a reload).
bool has_line(const MetricsInput& before, const TargetStatus& target) {
  if (target.state != delivery::TargetState::disabled) return true;
  const TargetStatus* const then = find(before, target.name);
  return target.tally.attempts > (then == nullptr ? 0 : then->tally.attempts) ||
         target.landed > (then == nullptr ? 0 : then->landed);
}

}  // namespace

std::vector<std::string> emf_lines(const std::string& name_space, const MetricsInput& before, const MetricsInput& now) {
  std::vector<std::string> lines{service_line(name_space, before, now)};
  for (const TargetStatus& target : now.targets) {
    if (!has_line(before, target)) continue;
    lines.push_back(target_line(name_space, before, now, target));
  }
  return lines;
}

void EmfReporter::start() {
  before_ = parts_.read();
  thread_ = base::start_thread("emf", [this](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    while (true) {
      std::unique_lock lock(mutex);
      never.wait_for(lock, stop, parts_.interval, [] { return false; });
      if (stop.stop_requested()) return;
      MetricsInput now = parts_.read();
      write(now);
      before_ = std::move(now);
    }
  });
}

void EmfReporter::write(const MetricsInput& now) {
  for (const std::string& line : emf_lines(parts_.name_space, *before_, now)) parts_.write(line);
}

void EmfReporter::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void EmfReporter::finish() {
  stop();
  if (!before_) return;
  write(parts_.read());
  before_.reset();
}

}  // namespace twinshift::app
