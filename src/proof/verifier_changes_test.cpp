// What a comparison says of rows that somebody has changed.
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
using ::testing::UnorderedElementsAre;
using testing::VerifierTest;

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
  void stands_twice(FakeSide& side, std::size_t index) const { side.table.push_back(events[index].row); }
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

// Of a table that was taken over: what has no identity is no difference, whatever its number.
TEST_F(ChangedRowsTest, RowsWithoutIdAreCountedWhereEverythingIsComparedAndNotNamed) {
  primary.rows_without_id = 7;
  secondary.rows_without_id = 5;
  const auto report = run();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->without_id, (Pair<std::int64_t>{7, 5}));
  EXPECT_EQ(report->rows, (Pair<std::int64_t>{200, 200}));
  EXPECT_THAT(findings, ::testing::IsEmpty());
  options.from = base::WallTime{};
  const auto ranged = run();
  ASSERT_TRUE(ranged);
  EXPECT_EQ(ranged->without_id, (Pair<std::int64_t>{0, 0}));
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

// Found by the simulator: one hid the other, so that a repair had to be run twice.
TEST_F(ChangedRowsTest, WhatIsDoubledOnOneSideAndChangedOnTheOtherIsNamedAsBoth) {
  primary.unique = secondary.unique = false;
  stands_twice(primary, 9);
  secondary.table[9].event_at += 50h;
  stands_twice(secondary, 19);
  primary.table[19].key = key_of(777);
  ASSERT_TRUE(run());
  EXPECT_THAT(changes(),
              UnorderedElementsAre("doubled primary " + id(9) + " ", "changed secondary " + id(9) + " event_at",
                                   "doubled secondary " + id(19) + " ", "changed primary " + id(19) + " event_key"));
}

// Likewise: what stood there a moment ago is not lacked for a reason.
TEST_F(ChangedRowsTest, AMovedRowIsNamedThoughTheOtherSideOnceRefusedItsEvent) {
  primary.unique = secondary.unique = false;
  primary.table[29].event_at += 50h;
  debts.quarantined_ids["secondary"].insert(id(29));
  ASSERT_TRUE(run());
  EXPECT_THAT(changes(), UnorderedElementsAre("changed primary " + id(29) + " event_at"));
}

// Likewise: it was counted at one of its times alone.
TEST_F(ChangedRowsTest, WhatStandsOnceAtItsTimeAndOnceAtAnotherIsDoubled) {
  primary.unique = secondary.unique = false;
  stands_twice(primary, 9);
  primary.table.back().event_at += 10min;
  ASSERT_TRUE(run());
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings.front().kind, FindingKind::doubled);
  EXPECT_EQ(findings.front().copies, 2);
}

// Likewise: a list counts an event at one of its times, so neither window's rows made up what it differs by.
TEST_F(ChangedRowsTest, AnEventAtTwoTimesLeavesNoWindowUnexplained) {
  primary.unique = secondary.unique = false;
  stands_twice(primary, 9);
  primary.table.back().event_at += 3h;
  // Others are missing there, so that the row is not looked up by its key alone.
  for (const auto after : {0h, 3h}) {
    for (const int key : {9'001, 9'002}) {
      Listed row = events[9].row;
      row.key = key_of(key + after.count());
      row.id = id_of(row.key);
      row.event_at += after;
      primary.table.push_back(row);
    }
  }
  ASSERT_TRUE(run());
  EXPECT_THAT(changes(), ::testing::Not(::testing::Contains(::testing::StartsWith("undecided"))));
  EXPECT_THAT(changes(), ::testing::Contains(::testing::HasSubstr(id(9))));
}

// Likewise, where one copy's key was changed.
TEST_F(ChangedRowsTest, ADoubleWithAnotherKeyLeavesNoWindowUnexplained) {
  primary.unique = secondary.unique = false;
  stands_twice(primary, 9);
  primary.table.back().key = key_of(777);
  ASSERT_TRUE(run());
  EXPECT_THAT(changes(), ::testing::Not(::testing::Contains(::testing::StartsWith("undecided"))));
  EXPECT_THAT(changes(), ::testing::Contains("doubled primary " + id(9) + " "));
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

TEST_F(ChangedRowsTest, WhereBothSidesWereChangedDifferentlyTheirDifferenceIsShown) {
  primary.texts[id(5)] = testing::real_event(5, "2026-01-06 05:10:00", "99").text;
  secondary.texts[id(5)] = testing::real_event(5, "2026-01-06 05:11:00", "98").text;
  options.deep = true;
  ASSERT_TRUE(run());
  EXPECT_THAT(changes(), UnorderedElementsAre("changed primary " + id(5) + " event_revenue, event_time",
                                              "changed secondary " + id(5) + " event_revenue, event_time"));
  for (const Finding& each : findings) EXPECT_EQ(each.hopeless, LeftWhy::unsound) << "no sound copy stands anywhere";
}

TEST_F(ChangedRowsTest, AChangedVersionOfTheIdentityIsNamed) {
  secondary.versions[id(5)] = 7;
  primary.versions[id(6)] = event::kIdentityVersion;
  options.deep = true;
  ASSERT_TRUE(run());
  EXPECT_THAT(changes(), UnorderedElementsAre("changed secondary " + id(5) + " id_version"));
  EXPECT_FALSE(findings.at(0).hopeless) << "its own row is written anew";
}

TEST_F(ChangedRowsTest, AFindingSaysWhatNobodyCanPutRight) {
  secondary.table[9].outside = true;  // event_at NULL
  secondary.table[9].event_at = {};
  primary.texts[id(19)] = "{}";
  secondary.table.erase(secondary.table.begin() + 19);
  options.deep = true;
  ASSERT_TRUE(run());
  std::vector<std::string> texts;
  for (const Finding& each : findings) {
    texts.push_back(fmt::format("{} {} {} {}", to_string(each.kind), each.id, each.timeless ? "no time" : "timed",
                                each.hopeless ? to_string(*each.hopeless) : "hope"));
  }
  EXPECT_THAT(texts,
              UnorderedElementsAre(fmt::format("changed {} no time {}", id(9), to_string(LeftWhy::timeless)),
                                   // Whether a sound copy stands at another time is looked for when it is put right.
                                   fmt::format("changed {} timed hope", id(19)),
                                   fmt::format("missing {} timed {}", id(19), to_string(LeftWhy::unsound))));
}

TEST_F(ChangedRowsTest, ADeepLookPassesAnEventThatStandsThereHundredsOfTimes) {
  primary.unique = secondary.unique = false;
  for (int i = 0; i < 500; ++i) stands_twice(primary, 9);
  secondary.texts[id(9)] = testing::real_event(9, "2026-01-10 09:10:00", "99").text;
  options.deep = true;
  const auto report = run();
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_THAT(changes(),
              UnorderedElementsAre("doubled primary " + id(9) + " ", "changed secondary " + id(9) + " event_revenue"));
}

TEST_F(ChangedRowsTest, RowsWithoutATimeAreLookedAtBesideARangeWhereThatIsAskedFor) {
  secondary.table[9].outside = true;
  options.from = options.to = base::WallTime{};
  options.outside_too = true;
  const auto report = run();
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_THAT(changes(), UnorderedElementsAre("changed secondary " + id(9) + " event_at"));
  EXPECT_EQ(report->rows, (Pair<std::int64_t>{0, 1})) << "the range itself is empty";
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

}  // namespace
}  // namespace twinshift::proof
