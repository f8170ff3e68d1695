#include "app/target_counts.hpp"

#include <algorithm>

namespace twinshift::app {
namespace {

using delivery::TallyCounts;
using delivery::TargetStatus;

void add(TallyCounts& now, const TallyCounts& before) {
  now.attempts += before.attempts;
  now.commits += before.commits;
  now.retries += before.retries;
  now.breaker_openings += before.breaker_openings;
  now.bytes += before.bytes;
  for (std::size_t i = 0; i < now.failures.size(); ++i) now.failures[i] += before.failures[i];
  for (std::size_t i = 0; i < now.commit_latency.counts.size(); ++i) {
    now.commit_latency.counts[i] += before.commit_latency.counts[i];
  }
  now.commit_latency.sum += before.commit_latency.sum;
}

void add(TargetStatus& now, const TargetStatus& before) {
  now.landed += before.landed;
  now.duplicates += before.duplicates;
  now.rejected += before.rejected;
  now.quarantined += before.quarantined;
  now.displaced += before.displaced;
  now.parked += before.parked;
  now.batches += before.batches;
  if (!now.last_commit) now.last_commit = before.last_commit;
  add(now.tally, before.tally);
}

}  // namespace

std::vector<TargetStatus> with_counts_of(const std::vector<TargetStatus>& before, std::vector<TargetStatus> now) {
  for (TargetStatus& target : now) {
    const auto found = std::ranges::find(before, target.name, &TargetStatus::name);
    if (found != before.end()) add(target, *found);
  }
  return now;
}

}  // namespace twinshift::app
