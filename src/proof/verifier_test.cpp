#include "proof/verifier.hpp"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proof/fake_side_testing.hpp"
#include "tests/support/manual_clock.hpp"

namespace twinshift::proof {
namespace {

using namespace std::chrono_literals;
using testing::FakeDebts;
using testing::FakeSide;
using testing::id_of;
using ::testing::IsEmpty;
using testing::row_of;
using ::testing::UnorderedElementsAre;

constexpr std::int64_t kBegin = 1'730'000'000;  // a second of 2024

class VerifierTest : public ::testing::Test {
 protected:
  void stands_on_both(const Listed& row) {
    primary.table.push_back(row);
    secondary.table.push_back(row);
  }
  // Keys far apart, as hashes are.
  static std::int64_t key_of(std::uint64_t number) {
    return static_cast<std::int64_t>((number * 0x9E37'79B9'7F4A'7C15U) >> 2U);
  }
  void fill(std::uint64_t rows, std::int64_t seconds) {
    for (std::uint64_t i = 0; i < rows; ++i) {
      stands_on_both(row_of(key_of(i + 1), kBegin + static_cast<std::int64_t>(i) % seconds));
    }
  }
  base::Result<VerifyReport> run() {
    Verifier verifier(options, {.sides = {&primary, &secondary},
                                .debts = &debts,
                                .clock = &clock,
                                .wait =
                                    [this](std::chrono::nanoseconds left) {
                                      stopped = stopped || stop_after_bites;
                                      clock.advance(std::chrono::ceil<std::chrono::microseconds>(left));
                                      if (on_wait) on_wait();
                                    },
                                .found = [this](const Finding& finding) { findings.push_back(finding); },
                                .told =
                                    [this](const VerifyProgress& progress) {
                                      shares.push_back(progress.share);
                                      waited_for_others = waited_for_others || progress.awaits_others;
                                    },
                                .stop = [this] { return stopped; }});
    return verifier.run();
  }
  // "missing secondary <key>"
  std::vector<std::string> found() {
    std::vector<std::string> texts;
    for (const Finding& finding : findings) {
      texts.push_back(fmt::format("{} {} {}", to_string(finding.kind), finding.target, finding.id));
    }
    return texts;
  }

  FakeSide primary{"primary"};
  FakeSide secondary{"secondary"};
  FakeDebts debts;
  tests::ManualClock clock;
  VerifyOptions options;
  std::vector<Finding> findings;
  std::vector<double> shares;
  std::function<void()> on_wait;
  bool waited_for_others = false;
  bool stopped = false;
  bool stop_after_bites = false;
};

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

TEST_F(VerifierTest, ManyRowsOfOneMomentAreSplitByTheirKeys) {
  for (std::uint64_t i = 1; i <= 60'000; ++i) stands_on_both(row_of(key_of(i), 0));
  std::erase_if(primary.table, [&](const Listed& row) { return row.key == key_of(31'000); });
  ASSERT_TRUE(run());
  EXPECT_THAT(found(), UnorderedElementsAre("missing primary " + id_of(key_of(31'000))));
  EXPECT_LE(primary.listed, 2 * kListedMax);
}

TEST_F(VerifierTest, AnEmptyTableLacksEverythingAndNothingIsListedAtOnce) {
  fill(40'000, 100);
  secondary.table.clear();
  ASSERT_TRUE(run());
  EXPECT_EQ(findings.size(), 40'000U);
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

class ChangedRowsTest : public VerifierTest {
 protected:
  ChangedRowsTest() {
    for (int i = 0; i < 200; ++i) {
      events.push_back(testing::real_event(i, fmt::format("2026-01-{:02} {:02}:10:00", 1 + i % 20, i % 24)));
      stands_on_both(events.back().row);
      primary.texts[events.back().row.id] = events.back().text;
    }
    secondary.texts = primary.texts;
  }
  [[nodiscard]] const std::string& id(std::size_t index) const { return events[index].row.id; }
  // "changed secondary <id> <columns>"
  std::vector<std::string> changes() {
    std::vector<std::string> texts;
    for (const Finding& finding : findings) {
      texts.push_back(fmt::format("{} {} {} {}", to_string(finding.kind), finding.target, finding.id, finding.column));
    }
    return texts;
  }
  std::vector<testing::RealEvent> events;
};

TEST_F(ChangedRowsTest, OwnColumnsThatSomebodyChangedAreNamedWithTheSide) {
  for (const bool unique : {true, false}) {
    secondary.unique = unique;
    findings.clear();
    secondary.table[9].key = key_of(777);
    secondary.table[19].id = "no id';--";
    secondary.table[19].key = 0;
    primary.table[29].event_at = events[29].row.event_at + 50h;
    secondary.table[39].event_at = events[39].row.event_at - 24h * 365;
    ASSERT_TRUE(run());
    EXPECT_THAT(changes(),
                UnorderedElementsAre("changed secondary " + id(9) + " event_key", "foreign secondary no id';-- ",
                                     "missing secondary " + id(19) + " ", "changed primary " + id(29) + " event_at",
                                     "changed secondary " + id(39) + " event_at"));
  }
}

TEST_F(ChangedRowsTest, RowsAtATimeThatNoEventHasAreCountedAndNamed) {
  for (const bool unique : {true, false}) {
    primary.unique = secondary.unique = unique;
    findings.clear();
    secondary.table[9].outside = true;                               // event_at NULL
    primary.table[19].outside = secondary.table[19].outside = true;  // alike on both
    primary.table[29].outside = true;
    if (secondary.table.size() == events.size()) secondary.table.erase(secondary.table.begin() + 29);
    const auto report = run();
    ASSERT_TRUE(report) << report.error().text();
    EXPECT_EQ(report->outside, (Pair<std::int64_t>{2, 2}));
    EXPECT_EQ(report->rows, (Pair<std::int64_t>{200, 199}));
    EXPECT_THAT(changes(), UnorderedElementsAre(
                               "changed secondary " + id(9) + " event_at", "changed primary " + id(19) + " event_at",
                               "changed secondary " + id(19) + " event_at", "changed primary " + id(29) + " event_at",
                               "missing secondary " + id(29) + " "));
  }
  options.from = base::WallTime{};
  findings.clear();
  const auto report = run();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->outside, (Pair<std::int64_t>{0, 0})) << "no range holds them";
}

TEST_F(ChangedRowsTest, TwoRowsThatDifferThoughEachIsWhatItShouldBeAreUndecided) {
  primary.table[9].event_at -= 900ms;
  secondary.table[9].event_at += 900ms;
  // So that the window is listed: of one row alone it would be looked up.
  secondary.table.erase(secondary.table.begin() + 129, secondary.table.begin() + 131);
  options.window = std::chrono::hours(24 * 31);
  ASSERT_TRUE(run());
  EXPECT_THAT(changes(),
              UnorderedElementsAre("undecided secondary " + id(9) + " ", "missing secondary " + id(129) + " ",
                                   "missing secondary " + id(130) + " "));
}

TEST_F(ChangedRowsTest, ADeepLookNamesWhatWasChangedInPlaceAndItsColumns) {
  secondary.texts[id(5)] = testing::real_event(5, "2026-01-06 05:10:00", "99").text;
  primary.texts[id(6)] = R"({"appsflyer_id":"a6","event_revenue":"1.50","media_source":"x"})";
  primary.texts.erase(id(7));
  // Both in the same way: neither digests nor columns differ.
  primary.texts[id(8)] = secondary.texts[id(8)] = "{}";
  ASSERT_TRUE(run());
  EXPECT_THAT(changes(), IsEmpty());
  options.deep = true;
  ASSERT_TRUE(run());
  EXPECT_THAT(changes(), UnorderedElementsAre("changed secondary " + id(5) + " event_revenue",
                                              "changed primary " + id(6) + " event_revenue, event_time, media_source",
                                              "changed primary " + id(7) + " extra", "changed primary " + id(8) + " ",
                                              "changed secondary " + id(8) + " "));
}

TEST_F(ChangedRowsTest, ADeepLookNamesAChangedIdAndWhatTheRowTells) {
  const std::string other = id_of(key_of(4'711));
  secondary.texts[other] = secondary.texts[id(3)];
  secondary.table[3].id = other;
  options.deep = true;
  ASSERT_TRUE(run());
  EXPECT_THAT(changes(), UnorderedElementsAre("changed secondary " + other + " event_id"));
  EXPECT_EQ(findings.at(0).content_id, id(3));
}

TEST_F(ChangedRowsTest, ARowWithAnothersIdIsNotMissedOnTheOtherSide) {
  const std::string other = id_of(key_of(4'711));
  secondary.texts[other] = secondary.texts[id(3)];
  secondary.table[3].id = other;
  secondary.table.erase(secondary.table.begin() + 4, secondary.table.begin() + 6);  // so that the window is listed
  options.deep = true;
  options.window = std::chrono::hours(24 * 31);
  ASSERT_TRUE(run());
  EXPECT_THAT(changes(),
              UnorderedElementsAre("changed secondary " + other + " event_id", "missing secondary " + id(3) + " ",
                                   "missing secondary " + id(4) + " ", "missing secondary " + id(5) + " "));
}

TEST_F(ChangedRowsTest, WhereIdsAreMintedTheTwoSidesAreHeldAgainstEachOther) {
  options.deep = true;
  options.ids_from_content = false;
  for (auto* side : {&primary, &secondary}) {
    const std::string text = side->texts[id(5)];
    side->table[5].id = id_of(key_of(12));
    side->table[5].key = key_of(12);
    side->texts[id_of(key_of(12))] = text;
  }
  secondary.texts[id(6)] = "{}";
  ASSERT_TRUE(run());
  EXPECT_THAT(changes(), ::testing::Contains("changed primary " + id(6) + " appsflyer_id, event_revenue, event_time"));
  EXPECT_THAT(changes(), ::testing::Not(::testing::Contains(::testing::HasSubstr(id_of(key_of(12))))));
}

TEST_F(ChangedRowsTest, ADeepLookReadsALargeHourBetweenSmallOnesByItself) {
  options.deep = true;
  for (int i = 0; i < 5'020; ++i) {
    const char* hour = i < 10 ? "2026-02-01 01:00:00" : i < 5'010 ? "2026-02-01 02:00:00" : "2026-02-01 03:00:00";
    const auto event = testing::real_event(1'000 + i, hour);
    stands_on_both(event.row);
    primary.texts[event.row.id] = secondary.texts[event.row.id] = event.text;
  }
  secondary.texts[secondary.table.back().id] = "{}";
  const auto report = run();
  ASSERT_TRUE(report) << report.error().text();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].id, secondary.table.back().id);
}

TEST_F(ChangedRowsTest, ADeepLookReadsLargeTablesInPieces) {
  options.deep = true;
  for (int i = 0; i < 5'000; ++i) {
    const auto event = testing::real_event(1'000 + i, "2026-02-01 00:00:00");
    stands_on_both(event.row);
    primary.texts[event.row.id] = secondary.texts[event.row.id] = event.text;
  }
  secondary.texts[secondary.table[3'000].id] = "{}";
  ASSERT_TRUE(run());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].id, secondary.table[3'000].id);
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
