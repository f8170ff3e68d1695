#include "books/ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twinshift::books {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

Hour at(int hour) {
  return Hour(std::chrono::hours(473'364 + hour));
}

LineState only_state(const Sample& sample) {
  const auto lines = lines_of(sample);
  EXPECT_EQ(lines.size(), 1U);
  return lines.at(0).state;
}

TEST(Ledger, AnHourOfWhichNothingIsOwedIsClosedWhereTheSumIsEven) {
  const Counts even{.received = 10, .landed = 5, .duplicate = 2, .quarantined = 1, .owed = 0, .waived = 2};
  EXPECT_EQ(even.residual(), 0);
  EXPECT_EQ(only_state({.hours = {{at(0), even}}}), LineState::closed);
}

TEST(Ledger, OneEventTooFewIsMissingAlsoWhileOthersAreOwed) {
  EXPECT_EQ(only_state({.hours = {{at(0), {.received = 10, .landed = 9}}}}), LineState::missing);
  EXPECT_EQ(only_state({.hours = {{at(0), {.received = 10, .landed = 6, .owed = 3}}}}), LineState::missing);
}

TEST(Ledger, WhatLandsBetweenTheCountsHidesNothingForGood) {
  // Three more landed after the queue was counted: open, no alarm.
  EXPECT_EQ(only_state({.hours = {{at(0), {.received = 10, .landed = 9, .owed = 4}}}}), LineState::open);
  // Nothing is owed any more, and still more than came: somebody counted twice.
  EXPECT_EQ(only_state({.hours = {{at(0), {.received = 10, .landed = 11}}}}), LineState::surplus);
}

TEST(Ledger, WhatWaitsElsewhereKeepsHoursOpen) {
  Sample sample{.hours = {{at(0), {.received = 10, .landed = 7}}}, .owed_elsewhere = 3};
  EXPECT_EQ(only_state(sample), LineState::open);
  sample.owed_elsewhere = 2;  // one more is gone than can wait there
  EXPECT_EQ(only_state(sample), LineState::missing);
  sample.owed_elsewhere = 0;
  EXPECT_EQ(only_state(sample), LineState::missing);
}

TEST(Ledger, HoursBeforeTheCountingBeganAreNotJudged) {
  const Sample sample{.hours = {{at(0), {.landed = 7}}, {at(1), {.received = 2, .landed = 2}}}, .since = at(1)};
  const auto lines = lines_of(sample);
  EXPECT_EQ(lines[0].state, LineState::unknown);
  EXPECT_EQ(lines[1].state, LineState::closed);
  EXPECT_EQ(summarize(lines).counts.received, 2U);
}

TEST(Ledger, HoursThatNobodyKnowsWholeAnyMoreAreNotJudgedThoughSomethingIsOwed) {
  const Sample sample{.hours = {{at(0), {.received = 9, .owed = 1}}, {at(1), {.received = 2}}},
                      .forgotten_before = at(1)};
  const auto lines = lines_of(sample);
  EXPECT_EQ(lines[0].state, LineState::unknown);
  EXPECT_EQ(lines[1].state, LineState::missing);
}

// books.db was removed: what was received before landed under another name.
TEST(Ledger, HoursBeforeTheCountingBeganAnewAreNeverMissing) {
  const auto lines = lines_of({.hours = {{at(0), {.received = 5}}, {at(1), {.received = 2, .landed = 1}}},
                               .since = at(0),
                               .judged_from = at(1)});
  EXPECT_EQ(lines[0].state, LineState::unknown);
  EXPECT_EQ(lines[1].state, LineState::missing);
  EXPECT_EQ(summarize(lines).missing, 1U);
}

TEST(Ledger, TheSummaryAddsUpLossesAndNeverSetsThemOffAgainstASurplus) {
  const auto lines = lines_of({.hours = {{at(0), {.received = 10, .landed = 8}},
                                         {at(1), {.received = 5, .landed = 7}},
                                         {at(2), {.received = 5, .landed = 4}},
                                         {at(3), {.received = 5, .owed = 5}}}});
  const Summary summary = summarize(lines);
  EXPECT_EQ(summary.missing, 3U);
  EXPECT_EQ(summary.surplus, 2U);
  EXPECT_EQ(summary.open_hours, 1U);
  EXPECT_EQ(summary.first_missing, at(0));
}

TEST(Ledger, AResidualIsBelievedWhereTwoSamplesShowIt) {
  Confirmation confirmation;
  const auto lines = [](std::uint64_t landed) {
    return lines_of({.hours = {{at(0), {.received = 10, .landed = landed}}}});
  };
  EXPECT_THAT(confirmation.confirm(lines(8)), IsEmpty());
  EXPECT_THAT(confirmation.confirm(lines(9)), ElementsAre(Pair(at(0), 1)));
  EXPECT_THAT(confirmation.confirm(lines(10)), IsEmpty());
  EXPECT_THAT(confirmation.confirm(lines(9)), IsEmpty());
}

TEST(Patience, AMissingHourIsOpenUntilItHasStood) {
  using std::chrono::seconds;
  const Hour hour{std::chrono::hours(473'364)};
  const auto missing = [&] { return std::vector<Line>{{hour, {.received = 2, .landed = 1}, LineState::missing}}; };
  const auto state_at = [&](Patience& patience, base::WallTime now, std::vector<Line> lines) {
    patience.hold_back(lines, now, seconds(60));
    return lines.front().state;
  };
  Patience patience;
  EXPECT_EQ(state_at(patience, hour, missing()), LineState::open);
  EXPECT_EQ(state_at(patience, hour + seconds(59), missing()), LineState::open);
  EXPECT_EQ(state_at(patience, hour + seconds(60), missing()), LineState::missing);
  // Even once, it begins anew; so it does where the clock is turned back.
  EXPECT_EQ(state_at(patience, hour + seconds(61), {{hour, {}, LineState::closed}}), LineState::closed);
  EXPECT_EQ(state_at(patience, hour + seconds(90), missing()), LineState::open);
  EXPECT_EQ(state_at(patience, hour - seconds(90), missing()), LineState::open);
  EXPECT_EQ(state_at(patience, hour - seconds(31), missing()), LineState::open);
  EXPECT_EQ(state_at(patience, hour - seconds(30), missing()), LineState::missing);
}

}  // namespace
}  // namespace twinshift::books
