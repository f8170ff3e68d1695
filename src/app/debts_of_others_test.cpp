#include "app/debts_of_others.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;
using proof::Owing;
using ::testing::HasSubstr;
using warehouse::InstanceWord;
using warehouse::OwedRow;

constexpr base::WallTime kNow{std::chrono::hours(480'000)};
constexpr base::WallTime kSeen = kNow - 2s;

OwedRow row(const std::string& instance, const std::string& target, base::WallTime hour, std::uint64_t owed,
            std::uint64_t quarantined = 0) {
  return {.instance = instance,
          .target = target,
          .arrival_at = hour,
          .received = 10,
          .owed = owed,
          .quarantined = quarantined,
          .waived = 0,
          .as_of = kNow - 1min};
}

// One that is heard, and has told what it owes since the difference was seen.
InstanceWord word(std::chrono::microseconds age = -9s, bool settled = false) {
  return {.instance = "they", .heard = kNow - age, .told = kNow - age, .settled = settled};
}

class OthersRowsTest : public ::testing::Test {
 protected:
  Owing judge(const std::string& target, base::WallTime received_at) {
    auto judged = rows().judge(target, received_at, kSeen);
    why = judged.why;
    return judged.owing;
  }
  OthersRows rows() { return OthersRows(parts); }

  OthersRows::Parts parts{.own = "we", .now = kNow};
  std::string why;
};

TEST_F(OthersRowsTest, WhatAnotherOwesOfAnHourMayBeAnyEventOfThatHour) {
  parts.rows = {row("they", "secondary", kNow - 5h, 1)};
  parts.words = {word()};
  EXPECT_EQ(judge("secondary", kNow - 5h + 59min), Owing::unknown);
  EXPECT_THAT(why, HasSubstr("instance they owes the secondary 1 of the events"));
  EXPECT_EQ(judge("secondary", kNow - 4h), Owing::no);
  EXPECT_EQ(judge("primary", kNow - 5h), Owing::no);
  EXPECT_EQ(judge("secondary", {}), Owing::unknown) << "it may have arrived at any time";
}

TEST_F(OthersRowsTest, OurOwnRowsAndWordsSayNothingNew) {
  parts.rows = {row("we", "secondary", kNow - 5h, 9)};
  parts.words = {{.instance = "we", .heard = kNow - 5h, .told = kNow - 5h}};
  EXPECT_EQ(judge("secondary", kNow - 5h), Owing::no);
  EXPECT_FALSE(rows().oldest());
}

TEST_F(OthersRowsTest, WhatAnotherHasTakenSinceItsLastWordItMayOwe) {
  parts.words = {word(60s)};
  EXPECT_EQ(judge("secondary", kNow - 30s), Owing::untold);
  EXPECT_EQ(judge("secondary", kNow - 65s), Owing::untold) << "clocks are not the same";
  EXPECT_EQ(judge("secondary", kNow - 71s), Owing::no);
  parts.shared_queue = true;
  EXPECT_EQ(judge("secondary", kNow - 1h), Owing::untold) << "the queue may have handed it out just now";
  EXPECT_EQ(judge("secondary", kNow - kQueuedEver - 1s), Owing::no);
  parts.words = {word(-9s)};
  EXPECT_EQ(judge("secondary", kNow - 30s), Owing::no) << "it has spoken since";
}

// Found by the simulator: it stopped cleanly, and wrote to the secondary after its next start while the primary was
// away.
TEST_F(OthersRowsTest, AStartThatTheSecondaryAloneTellsUndoesACleanStop) {
  parts.words = {word(5min, true), word(4min)};
  EXPECT_EQ(judge("primary", kNow - 30s), Owing::unknown);
  parts.words = {word(5min), word(4min, true)};
  EXPECT_EQ(judge("primary", kNow - 30s), Owing::no);
  parts.words = {word(4min, true), word(5min)};
  EXPECT_EQ(judge("primary", kNow - 30s), Owing::no) << "the order does not matter";
}

TEST_F(OthersRowsTest, OfAnInstanceThatIsSilentNobodyKnowsWhatItTookLast) {
  parts.words = {word(121s)};
  EXPECT_EQ(judge("secondary", kNow - 100s), Owing::unknown);
  EXPECT_THAT(why, HasSubstr("DELETE FROM twinshift_owed WHERE instance = 'they'"));
  EXPECT_EQ(judge("primary", kNow), Owing::unknown) << "it may run, cut off";
  EXPECT_EQ(judge("secondary", kNow - 132s), Owing::no);
  parts.words = {word(-11s)};
  EXPECT_EQ(judge("secondary", kNow), Owing::unknown) << "nobody has spoken tomorrow";
}

TEST_F(OthersRowsTest, ACleanStopLeavesNothingOpenForEver) {
  parts.words = {word(48h, true)};
  EXPECT_EQ(judge("secondary", kNow), Owing::no);
  EXPECT_FALSE(rows().oldest());
}

TEST_F(OthersRowsTest, OneThatHasStartedAndToldNothingYetIsAwaited) {
  parts.words = {{.instance = "they", .heard = kNow - 10s, .told = kNow - 5h}};
  EXPECT_EQ(judge("secondary", kNow - 4h), Owing::untold);
  EXPECT_EQ(judge("secondary", kNow - 6h), Owing::no);
  EXPECT_EQ(rows().oldest(), kNow - 5h - kClocksApart);
}

TEST_F(OthersRowsTest, OneThatNeverSpeaksIsKnownByItsRows) {
  parts.rows = {row("older", "secondary", kNow - 5h, 0)};
  EXPECT_EQ(judge("secondary", kNow - 50s), Owing::untold);
  parts.now = kNow + 5min;
  EXPECT_EQ(judge("secondary", kNow - 50s), Owing::unknown);
}

TEST_F(OthersRowsTest, WhatAnotherHasInQuarantineOfOneTargetIsCounted) {
  parts.rows = {row("they", "secondary", kNow - 5h, 0, 2), row("them", "secondary", kNow - 5h, 0, 1)};
  parts.words = {word()};
  parts.words.push_back({.instance = "them", .heard = kNow + 9s, .told = kNow + 9s});
  EXPECT_EQ(judge("secondary", kNow - 5h), Owing::no);
  EXPECT_EQ(rows().refused("secondary", kNow - 5h), 3U);
  EXPECT_EQ(rows().refused("primary", kNow - 5h), 0U);
  EXPECT_EQ(rows().refused("secondary", kNow - 4h), 0U);
  parts.rows.push_back(row("they", "primary", kNow - 5h, 0, 1));
  EXPECT_EQ(rows().refused("secondary", kNow - 5h), 0U);
  EXPECT_EQ(judge("secondary", kNow - 5h), Owing::unknown) << "both may have refused the same event";
}

TEST_F(OthersRowsTest, TheOldestIsADebtOrTheLastWordOfWhoeverSpokeFirst) {
  parts.rows = {row("they", "secondary", kNow - 5h, 1), row("they", "secondary", kNow - 9h, 0, 1)};
  parts.words = {word(30s)};
  EXPECT_EQ(rows().oldest(), kNow - 5h);
  parts.rows.clear();
  EXPECT_EQ(rows().oldest(), kNow - 30s - kClocksApart);
}

}  // namespace
}  // namespace twinshift::app
