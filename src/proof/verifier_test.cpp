#include "proof/verifier.hpp"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST_F(VerifierTest, TwoEmptyTablesAreEqual) {
  const auto report = run();
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->windows, 0U);
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(VerifierTest, EqualTablesCostAFewQuestionsAndListNothing) {
  fill(20'000, 86'400);
  const auto report = run();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->rows[0], 20'000);
  EXPECT_EQ(report->different, 0U);
  EXPECT_GE(report->windows, 6U);
  EXPECT_THAT(found(), IsEmpty());
  EXPECT_LT(primary.questions, 10);
  EXPECT_DOUBLE_EQ(shares.back(), 1.0);
}

TEST_F(VerifierTest, NamesWhatIsMissingOnEitherSideAndWhatIsDoubled) {
  fill(5'000, 40'000);
  const std::int64_t gone = key_of(77);
  const std::int64_t extra = key_of(1'000'000);
  const std::int64_t twice = key_of(99);
  std::erase_if(secondary.table, [&](const Listed& row) { return row.key == gone; });
  secondary.table.push_back(row_of(extra, kBegin + 12'345));
  secondary.table.push_back(row_of(twice, kBegin + 98));
  ASSERT_TRUE(run());
  EXPECT_THAT(found(), UnorderedElementsAre("missing secondary " + id_of(gone), "missing primary " + id_of(extra),
                                            "doubled secondary " + id_of(twice)));
}

TEST_F(VerifierTest, WhatBothHoldTwiceIsFoundThoughTheDigestsAreEqual) {
  fill(1'000, 4'000);
  stands_on_both(row_of(key_of(5), kBegin + 4));
  const auto report = run();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->different, 0U);
  EXPECT_THAT(found(),
              UnorderedElementsAre("doubled primary " + id_of(key_of(5)), "doubled secondary " + id_of(key_of(5))));
}

TEST_F(VerifierTest, MoreDoublesOfOneMomentThanAnAnswerHoldsAreAskedForByTheirKeys) {
  primary.unique = secondary.unique = false;
  for (std::uint64_t i = 0; i < kListedRoom + 10; ++i) {
    stands_on_both(row_of(key_of(i + 1), 0));
    primary.table.push_back(row_of(key_of(i + 1), 0));
  }
  const auto report = run();
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(findings.size(), kListedRoom + 10);
  EXPECT_TRUE(std::ranges::all_of(findings, [](const Finding& each) { return each.kind == FindingKind::doubled; }));
}

TEST_F(VerifierTest, ManyRowsOfOneMomentAreSplitByTheirKeys) {
  for (std::uint64_t i = 1; i <= 60'000; ++i) stands_on_both(row_of(key_of(i), 0));
  std::erase_if(primary.table, [&](const Listed& row) { return row.key == key_of(31'000); });
  ASSERT_TRUE(run());
  EXPECT_THAT(found(), UnorderedElementsAre("missing primary " + id_of(key_of(31'000))));
  EXPECT_LE(primary.listed, 2 * kListedMax);
}

// Between the sums, by which it was found small enough to be listed, and the list.
TEST_F(VerifierTest, ASliceMayGrowBeforeItIsListed) {
  fill(kListedMax, 1);
  secondary.table.pop_back();
  secondary.table.erase(secondary.table.begin(), secondary.table.begin() + 5);
  primary.before_list = [](FakeSide& side) {
    for (std::uint64_t i = 1; i <= 1'000; ++i) side.table.push_back(row_of(key_of(900'000 + i), kBegin));
  };
  secondary.before_list = primary.before_list;
  const auto report = run();
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(findings.size(), 6U);
  EXPECT_GT(primary.listed, kListedMax) << "else it shows nothing";
}

TEST_F(VerifierTest, AnEmptyTableLacksEverythingAndNothingIsListedAtOnce) {
  fill(40'000, 100);
  secondary.table.clear();
  ASSERT_TRUE(run());
  EXPECT_EQ(findings.size(), 40'000U);
}

TEST_F(VerifierTest, WhatOneSideLacksAltogetherIsListedWithoutFurtherSums) {
  fill(40'000, 1);  // eleven hours, none of which is too large for one list
  secondary.table.clear();
  ASSERT_TRUE(run());
  EXPECT_EQ(findings.size(), 40'000U);
  EXPECT_EQ(primary.listed, 40'000U);
  EXPECT_LE(secondary.questions, 20);
}

TEST_F(VerifierTest, ASideThatHoldsNothingOfASliceIsNotReadThroughForIt) {
  fill(4'000, 1);
  secondary.table.clear();
  bool listed = false;
  secondary.before_list = [&](FakeSide&) { listed = true; };
  ASSERT_TRUE(run());
  EXPECT_FALSE(listed);
  EXPECT_GT(primary.listed, 0U);
}

// What has landed since the sums is on both sides when it is looked at again.
TEST_F(VerifierTest, WhatLandsOnAnEmptySideBetweenTheSumsAndTheListIsNotNamed) {
  fill(4'000, 1);
  const auto all = std::exchange(secondary.table, {});
  primary.before_list = [&](FakeSide&) { secondary.table = all; };
  ASSERT_TRUE(run());
  EXPECT_THAT(findings, IsEmpty());
}

TEST_F(VerifierTest, WhatIsOwedIsNoDifference) {
  fill(3'000, 7'000);
  for (const std::uint64_t number : {10U, 20U, 30U}) {
    std::erase_if(secondary.table, [&](const Listed& row) { return row.key == key_of(number); });
    debts.owed_rows["secondary"].push_back(row_of(key_of(number), kBegin + number - 1));
  }
  const auto report = run();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->different, 0U);  // the sums with what is owed are even: nothing had to be listed
  EXPECT_EQ(report->owed[1], 3);
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(VerifierTest, WhatIsOwedAndStandsAllTheSameHidesNoLoss) {
  fill(3'000, 3'000);
  debts.owed_rows["secondary"].push_back(row_of(key_of(10), kBegin + 9));  // landed, not settled yet
  std::erase_if(secondary.table, [&](const Listed& row) { return row.key == key_of(20); });
  ASSERT_TRUE(run());
  EXPECT_THAT(found(), UnorderedElementsAre("missing secondary " + id_of(key_of(20))));
}

TEST_F(VerifierTest, WhatLandsBetweenTheLooksIsNoDifference) {
  fill(100, 100);
  const Listed late = row_of(key_of(500), kBegin + 50);
  primary.table.push_back(late);
  secondary.before_present = [&](FakeSide& side) { side.table.push_back(late); };
  const auto begin = clock.steady();
  const auto report = run();
  ASSERT_TRUE(report);
  EXPECT_THAT(found(), IsEmpty());
  EXPECT_EQ(report->settled, 1U);
  EXPECT_GE(clock.steady() - begin, options.apart);
}

TEST_F(VerifierTest, QuarantinedAndUndecidedAreNamedAsSuch) {
  fill(100, 100);
  std::erase_if(secondary.table, [&](const Listed& row) { return row.key == key_of(3) || row.key == key_of(4); });
  debts.quarantined_ids["secondary"].insert(id_of(key_of(3)));
  ASSERT_TRUE(run());
  EXPECT_THAT(found(), UnorderedElementsAre("quarantined secondary " + id_of(key_of(3)),
                                            "missing secondary " + id_of(key_of(4))));
  findings.clear();
  debts.otherwise = Owing::unknown;
  ASSERT_TRUE(run());
  EXPECT_THAT(found(), UnorderedElementsAre("quarantined secondary " + id_of(key_of(3)),
                                            "undecided secondary " + id_of(key_of(4))));
}

TEST_F(VerifierTest, OnlyTheRangeThatWasAskedForIsCompared) {
  fill(1'000, 100'000);
  secondary.table.clear();
  options.from = base::WallTime(std::chrono::seconds(kBegin + 10));
  options.to = base::WallTime(std::chrono::seconds(kBegin + 20));
  ASSERT_TRUE(run());
  EXPECT_EQ(findings.size(), 10U);
}

TEST_F(VerifierTest, MoreWindowsThanOneAnswerHoldsAreAskedInBites) {
  for (std::int64_t i = 0; i < 3'000; ++i) stands_on_both(row_of(key_of(i + 1), kBegin + i * 3'600));
  std::erase_if(secondary.table, [&](const Listed& row) { return row.key == key_of(2'500); });
  primary.bytes_told = secondary.bytes_told = 1'000;  // small: asked at once
  primary.windows_max = 1'000;
  const auto report = run();
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->rows[0], 3'000);
  EXPECT_THAT(found(), UnorderedElementsAre("missing secondary " + id_of(key_of(2'500))));
}

TEST_F(VerifierTest, AStopEndsTheWaitForTheSecondLook) {
  fill(100, 100);
  secondary.table.pop_back();
  stop_after_bites = true;
  EXPECT_EQ(run().error().kind, base::ErrorKind::cancelled);
}

TEST_F(VerifierTest, ASideThatCannotBeAskedEndsIt) {
  fill(100, 100);
  secondary.error = base::Error{base::ErrorKind::unavailable, "gone", "secondary", ""};
  const auto report = run();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, base::ErrorKind::unavailable);
  secondary.error.reset();
  stopped = true;
  EXPECT_EQ(run().error().kind, base::ErrorKind::cancelled);
}

// Against plain comparison, for any mixture of differences.
TEST_F(VerifierTest, FindsWhatAPlainComparisonFinds) {
  for (std::uint32_t seed = 1; seed <= 6; ++seed) {
    std::mt19937 random(seed);
    primary.table.clear();
    secondary.table.clear();
    findings.clear();
    std::set<std::string> expected;
    const std::int64_t seconds = seed % 2 == 0 ? 5 : 200'000;
    for (std::uint64_t i = 1; i <= 25'000; ++i) {
      const Listed row =
          row_of(key_of(i + seed * 1'000'000ULL), kBegin + static_cast<std::int64_t>(random() % seconds));
      const auto what = random() % 2'000;
      if (what != 0) primary.table.push_back(row);
      if (what != 1) secondary.table.push_back(row);
      if (what == 2) primary.table.push_back(row);
      if (what == 0) expected.insert("missing primary " + row.id);
      if (what == 1) expected.insert("missing secondary " + row.id);
      if (what == 2) expected.insert("doubled primary " + row.id);
    }
    ASSERT_TRUE(run());
    const auto named = found();
    EXPECT_EQ(std::set<std::string>(named.begin(), named.end()), expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace twinshift::proof
