#include "delivery/tally.hpp"

#include <gtest/gtest.h>

namespace twinshift::delivery {
namespace {

using base::ErrorKind;
using namespace std::chrono_literals;

warehouse::Batch batch(const std::string& id) {
  return {.id = id, .events = {*event::decode_event(R"({"a":1})", {}, {})}};
}

TEST(TallyTest, EveryTryCountsAndWhatIsSentAgainIsARetry) {
  Tally tally;
  tally.failed(false, ErrorKind::unavailable);
  tally.failed(true, ErrorKind::throttled);
  tally.committed(batch("b1"), true, 3ms);
  tally.committed(batch("b2"), false, 4ms);
  const TallyCounts& counts = tally.counts();
  EXPECT_EQ(counts.attempts, 4U);
  EXPECT_EQ(counts.commits, 2U);
  EXPECT_EQ(counts.retries, 2U);
  EXPECT_EQ(counts.failed(), 2U);
  EXPECT_EQ(counts.failed(ErrorKind::throttled), 1U);
  EXPECT_EQ(counts.bytes, 2 * std::string_view(R"({"a":1})").size());
  EXPECT_EQ(counts.commit_latency.total(), 2U);
}

TEST(TallyTest, AnUnknownOutcomeThatWasACommitIsNoFurtherTry) {
  Tally tally;
  tally.failed(false, ErrorKind::unknown_outcome);
  tally.settled(batch("b1"));
  EXPECT_EQ(tally.counts().attempts, 1U);
  EXPECT_EQ(tally.counts().commits, 1U);
  EXPECT_EQ(tally.counts().failed(ErrorKind::unknown_outcome), 1U);
}

}  // namespace
}  // namespace twinshift::delivery
