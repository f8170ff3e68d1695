#include "app/target_counts.hpp"

#include <algorithm>

namespace twinshift::app {
namespace {

using delivery::TallyCounts;
using delivery::TargetStatus;

// Each names every field of its struct: one that is new does not compile before somebody has said here whether it is a
// count.

void add(base::LatencyCounts& now, const base::LatencyCounts& before) {
  const auto& [counts, sum] = before;
  for (std::size_t i = 0; i < counts.size(); ++i) now.counts[i] += counts[i];
  now.sum += sum;
}

void add(TallyCounts& now, const TallyCounts& before) {
  const auto& [attempts, commits, retries, failures, breaker_openings, bytes, commit_latency] = before;
  now.attempts += attempts;
  now.commits += commits;
  now.retries += retries;
  for (std::size_t i = 0; i < failures.size(); ++i) now.failures[i] += failures[i];
  now.breaker_openings += breaker_openings;
  now.bytes += bytes;
  add(now.commit_latency, commit_latency);
}

void add(TargetStatus& now, const TargetStatus& before) {
  const auto& [name, is_primary, state, reached, product, last_error, landed, duplicates, rejected, quarantined,
               displaced, parked, batches, in_hand, owed, oldest_owed_age, backlog_storage, last_commit, tally,
               counts_duplicates] = before;
  now.landed += landed;
  now.duplicates += duplicates;
  now.rejected += rejected;
  now.quarantined += quarantined;
  now.displaced += displaced;
  now.parked += parked;
  now.batches += batches;
  if (!now.last_commit) now.last_commit = last_commit;
  add(now.tally, tally);
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
