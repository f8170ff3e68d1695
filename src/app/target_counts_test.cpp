#include "app/target_counts.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;
using base::ErrorKind;
using delivery::TargetStatus;

TargetStatus counted(const std::string& name, std::uint64_t each) {
  TargetStatus target;
  target.name = name;
  for (std::uint64_t* count :
       {&target.landed, &target.duplicates, &target.rejected, &target.quarantined, &target.displaced, &target.parked,
        &target.batches, &target.tally.attempts, &target.tally.commits, &target.tally.retries,
        &target.tally.breaker_openings, &target.tally.bytes, &target.in_hand, &target.owed}) {
    *count = each;
  }
  target.tally.failures.fill(each);
  for (std::uint64_t i = 0; i < each; ++i) target.tally.commit_latency.add(3ms);
  return target;
}

TEST(TargetCounts, AddsWhatWasCountedAndLeavesHowThingsStand) {
  const auto shown = with_counts_of({counted("primary", 5), counted("secondary", 7)}, {counted("primary", 2)});
  ASSERT_EQ(shown.size(), 1U);
  const TargetStatus& target = shown[0];
  for (const std::uint64_t count :
       {target.landed, target.duplicates, target.rejected, target.quarantined, target.displaced, target.parked,
        target.batches, target.tally.attempts, target.tally.commits, target.tally.retries,
        target.tally.breaker_openings, target.tally.bytes, target.tally.failed(ErrorKind::unavailable),
        target.tally.failed(ErrorKind::internal), target.tally.commit_latency.total()}) {
    EXPECT_EQ(count, 7U);
  }
  EXPECT_EQ(target.tally.commit_latency.sum, 21ms);
  EXPECT_EQ(target.in_hand, 2U);
  EXPECT_EQ(target.owed, 2U);
}

TEST(TargetCounts, TheLastCommitIsTheNewestOne) {
  TargetStatus before = counted("primary", 1);
  before.last_commit = base::WallTime(1s);
  TargetStatus now = counted("primary", 1);
  EXPECT_EQ(with_counts_of({before}, {now})[0].last_commit, before.last_commit);
  now.last_commit = base::WallTime(2s);
  EXPECT_EQ(with_counts_of({before}, {now})[0].last_commit, now.last_commit);
  EXPECT_EQ(with_counts_of({}, {now})[0].landed, 1U);
}

}  // namespace
}  // namespace twinshift::app
