#include <array>
#include <chrono>
#include <functional>
#include <string>

#include "app/metrics_parts.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;
using delivery::TargetState;
using delivery::TargetStatus;

constexpr std::array kStates{TargetState::starting, TargetState::ok,      TargetState::retrying,
                             TargetState::open,     TargetState::stalled, TargetState::disabled};

struct Counter {
  const char* name;
  const char* help;
  std::uint64_t (*value)(const TargetStatus&);
};

constexpr std::array kCounters{
    Counter{"twinshift_target_attempts_total", "Tries to write a batch, also where the target was out of reach.",
            [](const TargetStatus& t) { return t.tally.attempts; }},
    Counter{"twinshift_target_commits_total", "Of these: committed. The rate of both is the success rate.",
            [](const TargetStatus& t) { return t.tally.commits; }},
    Counter{"twinshift_target_retries_total",
            "Of the attempts: of a batch, or a part of one, that had been tried before.",
            [](const TargetStatus& t) { return t.tally.retries; }},
    Counter{"twinshift_target_breaker_openings_total",
            "How often the target was left alone for a pause after failures.",
            [](const TargetStatus& t) { return t.tally.breaker_openings; }},
    Counter{"twinshift_target_rows_total", "Rows inserted.", [](const TargetStatus& t) { return t.landed; }},
    Counter{"twinshift_target_duplicates_total", "Events that stood there already.",
            [](const TargetStatus& t) { return t.duplicates; }},
    Counter{"twinshift_target_bytes_total", "Bytes of the events' JSON in committed batches.",
            [](const TargetStatus& t) { return t.tally.bytes; }},
    Counter{"twinshift_target_rejected_total", "Refusals of an event by the target; one may be refused several times.",
            [](const TargetStatus& t) { return t.rejected; }},
    Counter{"twinshift_target_quarantined_total", "Events put into the quarantine.",
            [](const TargetStatus& t) { return t.quarantined; }},
    Counter{"twinshift_target_displaced_values_total",
            "Values that did not fit into their columns, and stand whole in the column extra.",
            [](const TargetStatus& t) { return t.displaced; }},
    Counter{"twinshift_target_parked_total", "Events that went to the backlog.",
            [](const TargetStatus& t) { return t.parked; }},
};

void add_states(MetricFamilies& families, const std::vector<TargetStatus>& targets) {
  auto family = families.gauge("twinshift_target_state",
                               "1 for the state that the target is in: open means that its breaker is open.");
  for (const TargetStatus& target : targets) {
    for (const TargetState state : kStates) {
      family.add({{"target", target.name}, {"state", std::string(to_string(state))}}, target.state == state ? 1 : 0);
    }
  }
}

void add_failures(MetricFamilies& families, const std::vector<TargetStatus>& targets) {
  auto family = families.counter("twinshift_target_failures_total",
                                 "Attempts that failed, by kind; throttled: the target asked for less; "
                                 "unknown_outcome: the answer was lost, the marker tells.");
  for (const TargetStatus& target : targets) {
    for (std::size_t kind = 0; kind < delivery::TallyCounts::kKinds; ++kind) {
      family.add({{"target", target.name}, {"kind", std::string(base::to_string(static_cast<ErrorKind>(kind)))}},
                 static_cast<double>(target.tally.failures[kind]));
    }
  }
}

void add_commits(MetricFamilies& families, const std::vector<TargetStatus>& targets) {
  auto durations =
      families.histogram("twinshift_target_commit_duration_seconds", "Of a batch, from its sending to its commit.");
  for (const TargetStatus& target : targets) durations.add({{"target", target.name}}, target.tally.commit_latency);
  auto last = families.gauge("twinshift_target_last_commit_timestamp_seconds", "When something was last committed.");
  for (const TargetStatus& target : targets) {
    if (target.last_commit) last.add({{"target", target.name}}, seconds_of(*target.last_commit));
  }
}

}  // namespace

void add_targets(MetricFamilies& families, const MetricsInput& input) {
  add_states(families, input.targets);
  for (const Counter& counter : kCounters) {
    auto family = families.counter(counter.name, counter.help);
    for (const TargetStatus& target : input.targets) {
      family.add({{"target", target.name}}, static_cast<double>(counter.value(target)));
    }
  }
  add_failures(families, input.targets);
  add_commits(families, input.targets);
  auto in_hand =
      families.gauge("twinshift_target_in_hand_events", "Events that wait for the target or are on their way.");
  for (const TargetStatus& target : input.targets) {
    in_hand.add({{"target", target.name}}, static_cast<double>(target.in_hand));
  }
  auto records =
      families.gauge("twinshift_quarantine_records", "Events that the target refuses for good and that are kept.");
  for (const TargetStatus& target : input.targets) {
    const auto found = input.quarantine.records.find(target.name);
    records.add({{"target", target.name}},
                found == input.quarantine.records.end() ? 0 : static_cast<double>(found->second));
  }
}

}  // namespace twinshift::app
