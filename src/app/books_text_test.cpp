#include "app/books_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/books_answer.hpp"

namespace twinshift::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const books::Hour kNoon{std::chrono::hours(473'364)};  // 2024-01-01 12:00

books::TargetBooks of(const std::string& name, books::Counts counts) {
  books::TargetBooks books;
  books.name = name;
  books.lines = books::lines_of({.hours = {{kNoon, counts}}});
  books.summary = books::summarize(books.lines);
  books.counted_at = kNoon;
  return books;
}

TEST(BooksText, ATableOfHours) {
  const auto text = books_as_text({of("primary", {.received = 3, .landed = 2, .duplicate = 1})}, TableFormat::csv);
  EXPECT_EQ(text,
            "target,hour,received,landed,duplicate,quarantined,owed,waived,residual,state\r\n"
            "primary,2024-01-01T12:00Z,3,2,1,0,0,0,0,closed\r\n");
}

TEST(BooksText, TheVerdictNamesTheTargetThatLacksEvents) {
  const auto verdict = verdict_of({of("primary", {.received = 3, .landed = 3}), of("secondary", {.received = 3})});
  EXPECT_EQ(verdict.state, BooksState::missing);
  EXPECT_THAT(verdict.text, HasSubstr("primary: nothing is missing of 3 received"));
  EXPECT_THAT(verdict.text, HasSubstr("secondary: 3 events are missing, the first in the hour of 2024-01-01T12:00Z"));
}

TEST(BooksText, WhatWasNotCountedIsSaid) {
  books::TargetBooks away;
  away.name = "secondary";
  away.error = "no connection";
  const auto verdict = verdict_of({away});
  EXPECT_EQ(verdict.state, BooksState::uncounted);
  EXPECT_EQ(verdict.text, "secondary: not counted yet (no connection)\n");
  EXPECT_EQ(books_as_text({away}, TableFormat::table), "no hour could be counted\n");
  away.counted_at = kNoon;
  EXPECT_EQ(books_as_text({away}, TableFormat::table), "nothing was received yet\n");
}

TEST(BooksText, ShowsTheNewestHoursAndOfOlderOnesWhatIsNotClosed) {
  books::Sample sample;
  for (int i = 0; i < 1'000; ++i) sample.hours[kNoon + std::chrono::hours(i)] = {.received = 1, .landed = 1};
  sample.hours[kNoon + std::chrono::hours(3)].landed = 0;
  books::TargetBooks books;
  books.name = "primary";
  books.lines = books::lines_of(sample);
  const auto text = books_as_text({books}, TableFormat::csv);
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(text, '\n')), 1 + 1 + kHoursShown);
  EXPECT_THAT(text, HasSubstr("2024-01-01T15:00Z,1,0,0,0,0,0,1,missing"));
}

TEST(BooksText, OldBooksOfATargetThatIsAwayAreNoNewOnes) {
  auto books = of("primary", {.received = 3, .landed = 3});
  EXPECT_EQ(verdict_of({books}).state, BooksState::complete);
  books.fresh = false;
  EXPECT_EQ(verdict_of({books}).state, BooksState::uncounted);
  EXPECT_THAT(verdict_of({books}).text, HasSubstr("not counted since"));
}

TEST(BooksText, AnHourIsReadAsItIsShown) {
  EXPECT_EQ(hour_text(kNoon), "2024-01-01T12:00Z");
  EXPECT_EQ(parse_hour("2024-01-01T12:00Z"), kNoon);
  EXPECT_EQ(parse_hour(hour_text(kNoon + std::chrono::hours(24 * 59 + 11))), kNoon + std::chrono::hours(24 * 59 + 11));
  for (const char* wrong : {"", "2024-01-01T12:30Z", "2024-01-01T12:00", "2024-01-01 12:00Z", "2024-02-30T12:00Z",
                            "2024-01-01T24:00Z", "2024-01-01T-1:00Z", "2024-13-01T12:00Z", "x024-01-01T12:00Z"}) {
    EXPECT_FALSE(parse_hour(wrong)) << wrong;
  }
}

TEST(BooksText, WhatIsOwedOfUnknownHoursAndWhatWasSignedOffIsSaid) {
  auto books = of("secondary", {.received = 3, .landed = 2, .waived = 1});
  EXPECT_EQ(verdict_of({books}).text, "secondary: nothing is missing of 3 received\n");
  books.owed_elsewhere = 5;
  books.signed_off = 1;
  EXPECT_EQ(
      verdict_of({books}).text,
      "secondary: nothing is missing of 3 received; 5 owed of which nobody knows the hours; 1 signed off as lost\n");
  books.owed_elsewhere = books::kUnknownMany;
  EXPECT_THAT(verdict_of({books}).text, Not(HasSubstr("nobody knows")));
}

TEST(BooksText, BooksThatBeganAnewSaySoInOneLine) {
  const books::Hour from = kNoon + std::chrono::hours(1);
  std::vector<books::TargetBooks> all;
  for (const char* name : {"primary", "secondary"}) {
    auto& books = all.emplace_back();
    books.name = name;
    books.lines = books::lines_of(
        {.hours = {{kNoon, {.received = 3}}, {from, {.received = 1, .landed = 1}}}, .judged_from = from});
    books.summary = books::summarize(books.lines);
    books.counted_at = from;
    books.judged_from = from;
  }
  const auto verdict = verdict_of(all);
  EXPECT_EQ(verdict.state, BooksState::complete);
  EXPECT_EQ(verdict.text,
            "primary: nothing is missing of 1 received\nsecondary: nothing is missing of 1 received\n"
            "The counting began anew at 2024-01-01T13:00Z (primary, secondary): hours before it (1) are not judged\n");
}

TEST(BooksAnswer, AnythingElseIsNoAnswer) {
  EXPECT_FALSE(read_books_answer({true, "12"}));
  EXPECT_FALSE(read_books_answer({false, "this version of the service does not know 'books'"}));
  const auto answer = read_books_answer({true,
                                         "missing\x1f"
                                         "a\x1e"
                                         "b\x1e\x1f"
                                         "c\x1e"});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->state, BooksState::missing);
  EXPECT_EQ(answer->text, "a\nb\n");
  EXPECT_EQ(answer->verdict, "c\n");
}

}  // namespace
}  // namespace twinshift::app
