#include "app/books_rebuilt.hpp"

#include <mutex>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/books_answer.hpp"
#include "books/keeper_fixture.hpp"

namespace twinshift::app {
namespace {

using books::kNoon;
using books::LineState;
using books::TargetBooks;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;
using Lost = RebuiltBooks::LostMarkers;

constexpr std::uint64_t kReceived = 10;

// An hour of which so many are missing.
books::Line hour(books::Hour at, std::uint64_t missing, std::uint64_t owed = 0) {
  return {at,
          {.received = kReceived, .landed = kReceived - missing - owed, .owed = owed},
          missing > 0 ? LineState::missing : LineState::closed};
}

TargetBooks books_of(std::vector<books::Line> lines, bool confirmed = true) {
  TargetBooks books;
  books.lines = std::move(lines);
  for (const auto& line : books.lines) {
    if (confirmed && line.state == LineState::missing)
      books.confirmed[line.hour] = static_cast<std::uint64_t>(line.counts.residual());
  }
  return books;
}

TEST(LostMarkersTest, WhatTheOtherHasIsMarkedHourByHour) {
  const auto lost = lost_markers(books_of({hour(kNoon, 10), hour(kNoon + 1h, 3), hour(kNoon + 2h, 0)}),
                                 books_of({hour(kNoon, 0), hour(kNoon + 1h, 0), hour(kNoon + 2h, 0)}));
  EXPECT_THAT(lost.hours, ElementsAre(Lost{kNoon, 10, 0}, Lost{kNoon + 1h, 3, kReceived - 3}));
  EXPECT_EQ(lost.unexplained + lost.too_early + lost.unjudged, 0U);
  EXPECT_FALSE(lost.open_hours);
}

TEST(LostMarkersTest, WhatBothLackStaysALoss) {
  const auto lost = lost_markers(books_of({hour(kNoon, 10), hour(kNoon + 1h, 2)}),
                                 books_of({hour(kNoon, 4), hour(kNoon + 1h, 5)}, false));
  EXPECT_THAT(lost.hours, ElementsAre(Lost{kNoon, 6, 0}));
  EXPECT_EQ(lost.unexplained, 4U + 2U);
}

// In the other's quarantine, owed to it or signed off there: it stands in neither table.
TEST(LostMarkersTest, WhatTheOtherHasNotLandedStaysMissingThoughItsBooksClose) {
  for (const auto where : {&books::Counts::quarantined, &books::Counts::owed, &books::Counts::waived}) {
    auto other = books_of({hour(kNoon, 0)});
    other.lines[0].counts.landed -= 1;
    other.lines[0].counts.*where += 1;
    const auto lost = lost_markers(books_of({hour(kNoon, kReceived)}), other);
    EXPECT_THAT(lost.hours, ElementsAre(Lost{kNoon, kReceived - 1, 0}));
    EXPECT_EQ(lost.unexplained, 1U);
  }
}

TEST(LostMarkersTest, WhatBothHaveInQuarantineIsNoLoss) {
  auto target = books_of({hour(kNoon, kReceived - 1)});
  auto other = books_of({hour(kNoon, 0)});
  target.lines[0].counts = {.received = kReceived, .quarantined = 1};
  other.lines[0].counts = {.received = kReceived, .landed = kReceived - 1, .quarantined = 1};
  const auto lost = lost_markers(target, other);
  EXPECT_THAT(lost.hours, ElementsAre(Lost{kNoon, kReceived - 1, 0}));
  EXPECT_EQ(lost.unexplained, 0U);
}

// As earlier versions did after a rebuild.
TEST(LostMarkersTest, WhatWasSignedOffBeforeIsNotMarked) {
  auto target = books_of({hour(kNoon, 1)});
  target.lines[0].counts = {.received = kReceived, .waived = kReceived - 1};
  const auto lost = lost_markers(target, books_of({hour(kNoon, 1)}));
  EXPECT_THAT(lost.hours, IsEmpty());
  EXPECT_EQ(lost.unexplained, 1U);
}

TEST(LostMarkersTest, WhatIsNotCertainWaits) {
  auto target = books_of({hour(kNoon, 7)}, false);
  EXPECT_EQ(lost_markers(target, books_of({hour(kNoon, 0)})).too_early, 7U);
  target.confirmed[kNoon] = 5;
  const auto lost = lost_markers(target, books_of({hour(kNoon, 0)}));
  EXPECT_THAT(lost.hours, ElementsAre(Lost{kNoon, 5, kReceived - 7}));
  EXPECT_EQ(lost.too_early, 2U);
}

TEST(LostMarkersTest, HoursThatTheOtherDoesNotJudgeAreLeft) {
  auto other = books_of({hour(kNoon, 0)});
  other.lines[0].state = LineState::unknown;
  const auto lost = lost_markers(books_of({hour(kNoon, 7), hour(kNoon + 1h, 2)}), other);
  EXPECT_THAT(lost.hours, IsEmpty());
  EXPECT_EQ(lost.unjudged, 9U);
}

TEST(LostMarkersTest, AnHourThatIsOpenIsTold) {
  EXPECT_TRUE(lost_markers(books_of({hour(kNoon, 7, 1)}), books_of({hour(kNoon, 0, 1)})).open_hours);
}

// The secondary was rebuilt: of ten events it has no marker.
class BooksRebuiltTest : public books::KeeperTest {
 protected:
  void SetUp() override {
    KeeperTest::SetUp();
    queue_.set({.hours = {{.hour = kNoon, .received = kReceived}, {.hour = kNoon + 1h, .received = 0}}});
    land("primary", kReceived - 1);  // one is lost for good
    land("secondary", kReceived - 1);
    start();
    (void)count(1);
    land("secondary", 0);
  }
  // As a table does: an id that stands there is left.
  base::Status mark(const std::string& target, std::span<const warehouse::RebuiltHour> hours) {
    if (refuses_) return base::fail(base::ErrorKind::unavailable, "the lane is busy", target);
    const std::lock_guard lock(mutex_);
    for (const auto& each : hours) {
      if (!marked_.insert(each.id).second) return base::fail(base::ErrorKind::conflict, "it stands there", target);
      landed_[target] += each.events;
    }
    return {};
  }
  control::Reply answer(const control::Request& request) {
    const RebuiltMarkers markers{.instance = "me",
                                 .write = [this](const auto& target, auto hours) { return mark(target, hours); }};
    return answer_books_request(keeper_.get(), *file_, request, markers);
  }
  base::Result<RebuiltReport> ask(const std::string& target) {
    return read_rebuilt_reply(answer(rebuilt_request(target)));
  }
  // The table, with all that stands beside it.
  void lose(const std::string& target) {
    land(target, 0);
    const std::lock_guard lock(mutex_);
    marked_.clear();
  }

  bool refuses_ = false;
  std::set<std::string> marked_;  // mutex_
};

TEST_F(BooksRebuiltTest, TheBooksCloseButForATrueLoss) {
  auto report = ask("secondary");
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(std::tuple(report->events, report->hours, report->unexplained), std::tuple(kReceived - 1, 1U, 1U));
  EXPECT_THAT(marked_, ElementsAre(rebuilt_id(kNoon, 0, "me")));
  EXPECT_EQ(keeper_->books().at(1).missing, 1U);
  EXPECT_EQ(keeper_->books().at(1).lines.at(0).counts.landed, kReceived - 1);
  EXPECT_THAT(file_->sign_offs().value(), IsEmpty());
  EXPECT_FALSE(leaves_work(*report));
  EXPECT_TRUE(leaves_work({.too_early = 1}) && leaves_work({.unjudged = 1}));
  EXPECT_THAT(rebuilt_text("secondary", *report), HasSubstr("written for 9 events of 1 hours at secondary"));
  EXPECT_THAT(rebuilt_json("secondary", *report), HasSubstr(R"("markedLanded":9)"));
  // Twice changes nothing.
  report = ask("secondary");
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->events, 0U);
  EXPECT_EQ(marked_.size(), 1U);
}

TEST_F(BooksRebuiltTest, ASecondLossOfTheSameTableIsSeenAndMendedAgain) {
  ASSERT_TRUE(ask("secondary"));
  EXPECT_EQ(keeper_->books().at(1).missing, 1U);
  lose("secondary");
  (void)keeper_->count_now(30s, books::Keeper::Reading::all_hours);
  EXPECT_EQ(count(1).missing, kReceived);
  const auto report = ask("secondary");
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->events, kReceived - 1);
  EXPECT_EQ(keeper_->books().at(1).missing, 1U);
}

// Another copy of the database, from before it was lost: with its own markers, and none of ours.
TEST_F(BooksRebuiltTest, AnOlderCopyThatIsPutBackIsNoSurplus) {
  ASSERT_TRUE(ask("secondary"));
  lose("secondary");
  land("secondary", kReceived - 1);
  (void)keeper_->count_now(30s, books::Keeper::Reading::all_hours);
  const auto books = count(1);
  EXPECT_EQ(books.summary.surplus, 0U);
  EXPECT_EQ(books.missing, 1U);
}

TEST_F(BooksRebuiltTest, WhatAnOlderVersionHasSignedOffIsNeitherMarkedNorSurplus) {
  ASSERT_TRUE(file_->sign_off({"secondary", kNoon, kReceived - 3, "rebuilt", kNoon}, 0));
  const auto report = ask("secondary");
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(std::pair(report->events, report->unexplained), std::pair(std::uint64_t{2}, std::uint64_t{1}));
  const books::Counts counts = keeper_->books().at(1).lines.at(0).counts;
  EXPECT_EQ(std::tuple(counts.landed, counts.waived, counts.residual()), std::tuple(2U, kReceived - 3, 1));
}

TEST_F(BooksRebuiltTest, MarkersThatCannotBeWrittenAreSaid) {
  refuses_ = true;
  const auto report = ask("secondary");
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().text(), HasSubstr("the lane is busy"));
  refuses_ = false;
  EXPECT_EQ(ask("secondary").value().events, kReceived - 1);
}

TEST_F(BooksRebuiltTest, ATargetThatCannotBeCountedIsSaid) {
  {
    const std::lock_guard lock(mutex_);
    broken_["primary"] = {base::ErrorKind::unavailable, "away", "primary", ""};
  }
  const auto report = ask("secondary");
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().text(), HasSubstr("away"));
  EXPECT_THAT(unmarked_text("secondary", report.error()), HasSubstr("books waive --target secondary"));
  EXPECT_THAT(unmarked_json("secondary", report.error()), HasSubstr(R"("error":"the target cannot be counted now)"));
  EXPECT_THAT(marked_, IsEmpty());
}

TEST_F(BooksRebuiltTest, AnythingElseIsNoRequest) {
  const std::vector<std::vector<std::string>> wrong = {{}, {"secondary", "reason:of an older version"}};
  for (const auto& arguments : wrong) {
    EXPECT_THAT(answer({kRebuiltVerb, arguments}).text, HasSubstr("was not understood"));
  }
  EXPECT_FALSE(read_rebuilt_reply({true, "1 2 x"}));
}

}  // namespace
}  // namespace twinshift::app
