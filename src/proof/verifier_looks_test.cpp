// What a comparison says of differences that come, go, or cannot be explained.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proof/verifier.hpp"
#include "proof/verifier_testing.hpp"

namespace twinshift::proof {
namespace {

using namespace std::chrono_literals;
using testing::FakeSide;
using testing::id_of;
using ::testing::IsEmpty;
using testing::kBegin;
using testing::row_of;
using ::testing::UnorderedElementsAre;
using testing::VerifierTest;

TEST_F(VerifierTest, WhatAnInstanceHasNotToldYetIsAskedForAgainOnceItHasSpoken) {
  fill(100, 100);
  std::erase_if(secondary.table, [&](const Listed& row) { return row.key == key_of(4); });
  const auto begin = clock.steady();
  debts.told_from = clock.now();
  on_wait = [&] {
    if (clock.steady() - begin < 60s) return;
    debts.told_from = clock.now() + 1h;  // it owes what has landed meanwhile
    secondary.table.push_back(row_of(key_of(4), kBegin + 3));
  };
  auto report = run();
  ASSERT_TRUE(report);
  EXPECT_THAT(found(), IsEmpty());
  EXPECT_EQ(report->settled, 1U);
  EXPECT_GE(clock.steady() - begin, 60s);
  EXPECT_TRUE(waited_for_others) << "whoever looks on is told why it takes so long";
}

TEST_F(VerifierTest, WhatNobodyOwesOnceAllHaveSpokenIsMissing) {
  fill(100, 100);
  std::erase_if(secondary.table, [&](const Listed& row) { return row.key == key_of(4); });
  const auto begin = clock.steady();
  debts.told_from = clock.now();
  on_wait = [&] {
    if (clock.steady() - begin >= 60s) debts.told_from = clock.now() + 1h;
  };
  ASSERT_TRUE(run());
  EXPECT_THAT(found(), UnorderedElementsAre("missing secondary " + id_of(key_of(4))));
  findings.clear();
  debts.told_from = clock.now();
  on_wait = nullptr;  // it never does
  ASSERT_TRUE(run());
  EXPECT_THAT(found(), UnorderedElementsAre("undecided secondary " + id_of(key_of(4))));
}

TEST_F(VerifierTest, ADifferenceThatNoRowExplainsIsNamedByItsWindow) {
  fill(5'000, 40'000);
  std::erase_if(secondary.table, [&](const Listed& row) { return row.key == key_of(77) || row.key == key_of(78); });
  primary.unlisted = {id_of(key_of(77))};
  ASSERT_TRUE(run());
  EXPECT_THAT(found(), UnorderedElementsAre("undecided secondary ", "missing secondary " + id_of(key_of(78))));
  for (const Finding& finding : findings) {
    EXPECT_EQ(finding.window.has_value(), finding.id.empty());
    if (finding.window) {
      EXPECT_EQ(finding.window->to, span_of(window_of(finding.event_at, 1h), 1h).to);
    }
  }
}

TEST_F(VerifierTest, ARowThatIsAllAWindowDiffersByIsLookedUpByItsKey) {
  fill(200'000, 400'000);
  std::erase_if(secondary.table, [&](const Listed& row) { return row.key == key_of(77) || row.key == key_of(90'000); });
  std::erase_if(primary.table, [&](const Listed& row) { return row.key == key_of(150'000); });
  const auto report = run();
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->different, 3U);
  EXPECT_THAT(found(), UnorderedElementsAre("missing secondary " + id_of(key_of(77)),
                                            "missing secondary " + id_of(key_of(90'000)),
                                            "missing primary " + id_of(key_of(150'000))));
  EXPECT_EQ(primary.listed + secondary.listed, 3U);
}

TEST_F(VerifierTest, ADifferenceOfOneRowThatIsNoneOfItsKeyIsSearchedFor) {
  fill(1'000, 1'000);
  secondary.table[9].key = key_of(5'000);  // its id says another
  secondary.table.erase(secondary.table.begin() + 20);
  ASSERT_TRUE(run());
  EXPECT_THAT(found(), ::testing::Contains("missing secondary " + id_of(key_of(21))));
  EXPECT_EQ(std::ranges::count(found(), "missing secondary " + id_of(key_of(21))), 1);
}

TEST_F(VerifierTest, WhatLandsBeforeItIsListedExplainsItself) {
  fill(100, 100);
  const Listed late = row_of(key_of(500), kBegin + 50);
  primary.table.push_back(late);
  secondary.before_list = [&](FakeSide& side) { side.table.push_back(late); };
  ASSERT_TRUE(run());
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(VerifierTest, WhatMovedFromOneSideToTheOtherBetweenTheLooksIsUndecided) {
  fill(100, 100);
  const Listed row = row_of(key_of(500), kBegin + 50);
  primary.table.push_back(row);
  primary.before_present = [&](FakeSide& side) { side.table.pop_back(); };
  secondary.before_present = [&](FakeSide& side) { side.table.push_back(row); };
  ASSERT_TRUE(run());
  EXPECT_THAT(found(), UnorderedElementsAre("undecided primary " + row.id));
}

// Somebody has put it back by hand: it is not missing on the other side, and a copy would be refused for ever.
TEST_F(VerifierTest, WhatStandsThoughATargetHasNotedItAsErasedIsNamedWhereItStands) {
  fill(10, 10);
  primary.unique = secondary.unique = false;
  for (const std::int64_t key : {4'711, 4'712, 4'713}) primary.table.push_back(row_of(key, kBegin));
  primary.table.push_back(row_of(4'713, kBegin));  // twice, even
  secondary.erased_ids = {id_of(4'711), id_of(4'713)};
  primary.erased_ids = {id_of(4'712), id_of(key_of(3))};  // the last one stands on both sides
  debts.told_from = base::WallTime{};                     // nobody has to tell first who owes it
  ASSERT_TRUE(run());
  EXPECT_FALSE(waited_for_others);
  EXPECT_THAT(found(), UnorderedElementsAre("erased primary " + id_of(4'711), "erased primary " + id_of(4'712),
                                            "erased primary " + id_of(4'713)));
  // A repair removes what the other target's list alone has.
  for (const Finding& each : findings) EXPECT_EQ(each.goes, each.id != id_of(4'712)) << each.id;
}

TEST_F(VerifierTest, APlanOfACopyTellsWhatWasErasedAndACopyNeedNotAsk) {
  fill(10, 10);
  primary.table.push_back(row_of(4'711, kBegin));
  secondary.erased_ids = {id_of(4'711)};
  options.once = true;
  ASSERT_TRUE(run());
  EXPECT_THAT(found(), ::testing::ElementsAre("missing secondary " + id_of(4'711)));
  findings.clear();
  options.once_minds_erased = true;
  ASSERT_TRUE(run());
  EXPECT_THAT(found(), ::testing::ElementsAre("erased primary " + id_of(4'711)));
}

TEST_F(VerifierTest, ADoubledEventThatTheOtherSideLacksIsToldOnceAsEach) {
  fill(100, 100);
  primary.unique = secondary.unique = false;
  const Listed row = row_of(key_of(500), kBegin + 50);
  primary.table.push_back(row);
  primary.table.push_back(row);
  ASSERT_TRUE(run());
  EXPECT_THAT(found(), UnorderedElementsAre("doubled primary " + row.id, "missing secondary " + row.id));
}

TEST_F(VerifierTest, ASideThatIsTooSlowIsAskedForLess) {
  fill(2'000, 400'000);
  std::erase_if(secondary.table, [&](const Listed& row) { return row.key == key_of(77); });
  for (const bool at_once : {true, false}) {
    findings.clear();
    primary.bytes_told = secondary.bytes_told = at_once ? std::optional<std::int64_t>(1'000) : std::nullopt;
    secondary.span_max = 3h;
    const auto report = run();
    ASSERT_TRUE(report) << report.error().text();
    EXPECT_EQ(report->rows[0], 2'000);
    EXPECT_THAT(found(), UnorderedElementsAre("missing secondary " + id_of(key_of(77))));
  }
  secondary.span_max = 0h;
  const auto report = run();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, base::ErrorKind::timed_out);
  EXPECT_THAT(report.error().hint, ::testing::HasSubstr("--window"));
}

TEST_F(VerifierTest, WhatIsOwedIsGoneThroughOnceARunAndOnceForAllSuspects) {
  for (std::int64_t i = 0; i < 3'000; ++i) stands_on_both(row_of(key_of(i + 1), kBegin + i * 3'600));
  for (const std::uint64_t number : {10U, 500U, 1'500U, 2'500U}) {
    std::erase_if(secondary.table, [&](const Listed& row) { return row.key == key_of(number); });
  }
  ASSERT_TRUE(run());
  EXPECT_EQ(findings.size(), 4U);
  EXPECT_EQ(debts.visits, 4) << "sums and suspects, of each side";
}

}  // namespace
}  // namespace twinshift::proof
