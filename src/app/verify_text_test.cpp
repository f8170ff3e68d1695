#include "app/verify_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

using proof::Finding;
using proof::FindingKind;

constexpr base::WallTime kNoon{std::chrono::seconds(1'704'110'400)};
const std::array<std::string, 2> kBoth{"primary", "secondary"};
const std::string kId = "0123456789abcdef0123456789abcdef";

Finding finding(FindingKind kind, std::string target = "secondary") {
  return {.kind = kind,
          .target = std::move(target),
          .id = kId,
          .event_at = kNoon,
          .received_at = {},
          .copies = 2,
          .column = {},
          .content_id = {}};
}

TEST(VerifyText, TheVerdictIsTheWorstThatWasFound) {
  FindingCounts counts;
  EXPECT_EQ(counts.verdict(), VerifyVerdict::equal);
  counts.add(finding(FindingKind::quarantined));
  EXPECT_EQ(counts.verdict(), VerifyVerdict::equal);
  counts.add(finding(FindingKind::undecided));
  EXPECT_EQ(counts.verdict(), VerifyVerdict::undecided);
  counts.add(finding(FindingKind::missing));
  EXPECT_EQ(counts.verdict(), VerifyVerdict::different);
}

TEST(VerifyText, SaysWhatIsWhere) {
  FindingCounts counts;
  const proof::VerifyReport report{.as_of = kNoon};
  EXPECT_EQ(verdict_text(counts, report), "equal (as of 2024-01-01T12:00:00.000Z)");
  counts.add(finding(FindingKind::quarantined));
  EXPECT_EQ(verdict_text(counts, report), "equal, except 1 quarantined in secondary (as of 2024-01-01T12:00:00.000Z)");
  counts.add(finding(FindingKind::missing));
  counts.add(finding(FindingKind::missing));
  counts.add(finding(FindingKind::doubled, "primary"));
  EXPECT_EQ(verdict_text(counts, report),
            "different: 2 missing in secondary, 1 doubled in primary, 1 quarantined in secondary (as of "
            "2024-01-01T12:00:00.000Z)");
  EXPECT_EQ(counts.json(kBoth), R"({"primary":{"doubled":1},"secondary":{"missing":2,"quarantined":1}})");
}

TEST(VerifyText, AnIdOfSomebodyElsesMakingIsShownShortAndHarmless) {
  Finding odd = finding(FindingKind::foreign);
  odd.id = "\x1b[2J" + std::string(500, 'x');
  EXPECT_EQ(finding_as_text(odd).find('\x1b'), std::string::npos);
  EXPECT_LT(finding_as_text(odd).size(), 200U);
  EXPECT_EQ(finding_as_json(odd).find('\x1b'), std::string::npos);
}

TEST(VerifyText, FindingsAsAPersonAndAsAProgramReadThem) {
  EXPECT_EQ(finding_as_text(finding(FindingKind::doubled)),
            "doubled     secondary " + kId + "  event_at 2024-01-01 12:00:00  2 copies");
  EXPECT_EQ(finding_as_json(finding(FindingKind::missing)), R"({"kind":"missing","target":"secondary","eventId":")" +
                                                                kId + R"(","eventAt":"2024-01-01T12:00:00.000Z"})");
}

TEST(VerifyText, TimesOfRowsAreWholeToTheMicrosecond) {
  Finding exact = finding(FindingKind::missing);
  exact.event_at += std::chrono::microseconds(123'456);
  exact.received_at = kNoon + std::chrono::microseconds(1);
  EXPECT_THAT(finding_as_json(exact), ::testing::HasSubstr(R"("eventAt":"2024-01-01T12:00:00.123456Z")"));
  EXPECT_THAT(finding_as_json(exact), ::testing::HasSubstr(R"("receivedAt":"2024-01-01T12:00:00.000001Z")"));
}

TEST(VerifyText, WhatSomebodyPutBackIsADifferenceWithItsAdvice) {
  FindingCounts counts;
  EXPECT_EQ(advice_text(counts), "");
  counts.add(finding(FindingKind::erased));
  EXPECT_EQ(counts.verdict(), VerifyVerdict::different);
  EXPECT_EQ(counts.text(), "1 erased in secondary");
  EXPECT_THAT(advice_text(counts), ::testing::HasSubstr("twinshift erase --where"));
}

TEST(VerifyText, AWindowThatNothingExplainsIsNamedByItsTime) {
  Finding window = finding(FindingKind::undecided);
  window.id.clear();
  window.window = proof::Span{kNoon, kNoon + std::chrono::hours(1)};
  EXPECT_EQ(finding_as_text(window),
            "undecided   secondary the window from 2024-01-01 12:00:00 to 2024-01-01 13:00:00: the sums differ, and no "
            "row says why");
  EXPECT_THAT(finding_as_json(window),
              ::testing::HasSubstr(R"("window":{"from":"2024-01-01T12:00:00.000Z","to":"2024-01-01T13:00:00.000Z"})"));
}

TEST(VerifyText, SaysWhySomethingCannotBeTold) {
  proof::VerifyReport report{.as_of = kNoon};
  EXPECT_EQ(reasons_text(report), "");
  EXPECT_THAT(report_as_json({}, report, kBoth), ::testing::HasSubstr(R"("reasons":[])"));
  report.reasons = {"instance 'a\x1b' is silent", "another"};
  EXPECT_EQ(reasons_text(report), "cannot tell: instance 'a?' is silent\ncannot tell: another\n");
  EXPECT_THAT(report_as_json({}, report, kBoth), ::testing::HasSubstr(R"(is silent","another"])"));
}

TEST(VerifyText, WhatIsOwedIsSaidWhereTheTablesAreNotEqualForItAlone) {
  proof::VerifyReport report{.as_of = kNoon};
  report.owed = {0, 7};
  EXPECT_EQ(verdict_text({}, report),
            "equal; 7 owed to the secondary are on their way (as of 2024-01-01T12:00:00.000Z)");
  EXPECT_THAT(report_as_json({}, report, kBoth), ::testing::HasSubstr(R"("onTheirWay":{"primary":0,"secondary":7})"));
}

TEST(VerifyText, WhatCannotBeComparedIsCounted) {
  proof::VerifyReport report{.as_of = kNoon};
  EXPECT_THAT(compared_text(report, std::chrono::hours(1)), ::testing::Not(::testing::HasSubstr("not compared")));
  report.without_id = {7, 7};
  EXPECT_THAT(compared_text(report, std::chrono::hours(1)),
              ::testing::EndsWith("; not compared: 7 rows of the primary and 7 of the secondary that have neither "
                                  "event_id nor event_at, so were written by another program"));
  report.without_id = {7, 0};
  EXPECT_THAT(compared_text(report, std::chrono::hours(1)), ::testing::HasSubstr("which of them one side lacks"));
  EXPECT_THAT(report_as_json({}, report, kBoth),
              ::testing::HasSubstr(R"("withoutEventId":{"primary":7,"secondary":0})"));
}

TEST(VerifyText, ForeignRowsComeWithTheirAdvice) {
  FindingCounts counts;
  counts.add(finding(FindingKind::foreign));
  EXPECT_THAT(advice_text(counts), ::testing::HasSubstr("delete by their event_id"));
}

TEST(VerifyText, WindowsAsTheyAreWritten) {
  EXPECT_EQ(window_text(std::chrono::minutes(90)), "90m");
  EXPECT_EQ(window_text(std::chrono::hours(36)), "36h");
  EXPECT_EQ(window_text(std::chrono::days(7)), "7d");
}

}  // namespace
}  // namespace twinshift::app
