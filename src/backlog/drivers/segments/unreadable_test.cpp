// Segments whose files cannot be opened at a start: their events stay owed and counted, the others are served, and a
// later start that can open them serves them, too.
#include <sys/stat.h>

#include <gmock/gmock.h>

#include "backlog/drivers/segments/segments_fixture.hpp"
#include "tests/support/log_capture.hpp"

namespace twinshift::backlog::segments {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAreArray;

// Three segments of three, two and two events.
class UnreadableTest : public SegmentsTest, public ::testing::WithParamInterface<std::uint32_t> {
 protected:
  UnreadableTest() { options_.segment_bytes_max = 1; }
  ~UnreadableTest() override { backlog_.reset(); }  // its threads log
  void make() {
    open();
    ASSERT_TRUE(park(*backlog_, events_of(1, 3)));
    ASSERT_TRUE(park(*backlog_, events_of(4, 2)));
    ASSERT_TRUE(park(*backlog_, events_of(6, 2)));
  }
  // Also root cannot open it then.
  void hide(std::uint32_t number) {
    backlog_.reset();
    std::filesystem::rename(segment(number), aside());
    std::filesystem::create_directory(segment(number));
  }
  // The journal is as it was before anything was parked.
  void hide_with_an_early_journal(std::uint32_t number) {
    open();
    backlog_.reset();
    const std::string early = read_file(journal_path(options_.folder));
    make();
    hide(number);
    write_file(journal_path(options_.folder), early);
  }
  // It opens, but nothing can be read: as from a disk that answers EIO.
  void make_unreadable(std::uint32_t number) {
    backlog_.reset();
    std::filesystem::rename(segment(number), aside());
    ASSERT_EQ(::mkfifo(segment(number).c_str(), S_IRUSR | S_IWUSR), 0);
  }
  void give_back(std::uint32_t number) {
    backlog_.reset();
    std::filesystem::remove(segment(number));
    std::filesystem::rename(aside(), segment(number));
  }
  [[nodiscard]] std::string aside() const { return folder_.path() + "/aside"; }
  [[nodiscard]] static std::vector<std::string> jsons_in(std::uint32_t number) {
    return number == 1 ? jsons(1, 3) : jsons(number * 2, 2);
  }
  [[nodiscard]] static std::vector<std::string> jsons_without(std::uint32_t number) {
    std::vector<std::string> all;
    for (std::uint32_t other = 1; other <= 3; ++other) {
      if (other != number) std::ranges::copy(jsons_in(other), std::back_inserter(all));
    }
    return all;
  }
  void expect_unreadable(std::uint64_t files, std::uint64_t events) const {
    EXPECT_EQ(storage().unreadable_files, files);
    EXPECT_EQ(storage().unreadable_events, events);
    EXPECT_EQ(storage().lost, 0U);
    EXPECT_EQ(storage().damaged_files, 0U);
  }
  // An event at each of two starts.
  void park_meanwhile() {
    for (int number = 8; number <= 9; ++number) {
      open();
      EXPECT_EQ(storage().lost, 0U);
      ASSERT_TRUE(park(*backlog_, {event_of(number)}));
    }
  }
  void expect_all(const std::vector<std::string>& expected) {
    for (int start = 0; start < 2; ++start) {
      open();
      expect_unreadable(0, 0);
      EXPECT_THAT(bodies(receive(*backlog_)), UnorderedElementsAreArray(expected));
    }
  }
  [[nodiscard]] std::uint64_t owed_of_known_hours() const {
    std::uint64_t owed = 0;
    const auto arrivals = backlog_->count_arrivals();
    for (const queue::HourOfArrival& hour : arrivals.value().hours) owed += hour.waiting;
    return owed;
  }
  [[nodiscard]] std::string log() const { return log_.text(); }

 private:
  tests::LogCapture log_;
};

INSTANTIATE_TEST_SUITE_P(Places, UnreadableTest, ::testing::Values(1U, 2U, 3U));

TEST_P(UnreadableTest, ItsEventsStayOwedUntilAStartThatCan) {
  const std::uint32_t number = GetParam();
  const auto inside = jsons_in(number);
  make();
  hide(number);
  open();
  expect_unreadable(1, inside.size());
  EXPECT_EQ(backlog_->status().owed, 7U);
  EXPECT_EQ(owed_of_known_hours(), 7U - inside.size());
  EXPECT_THAT(log(), HasSubstr("A segment of the backlog cannot be opened"));
  EXPECT_THAT(log(), HasSubstr(segment(number)));
  EXPECT_THAT(log(), HasSubstr("\"events\":" + std::to_string(inside.size())));
  EXPECT_THAT(log(), HasSubstr("do not delete it"));

  const auto others = receive(*backlog_);
  EXPECT_THAT(bodies(others), UnorderedElementsAreArray(jsons_without(number)));
  ASSERT_TRUE(acknowledge(*backlog_, others));
  // Each start writes the journal anew, without the segments that are gone.
  for (int start = 0; start < 2; ++start) {
    open();
    expect_unreadable(1, inside.size());
    EXPECT_EQ(backlog_->status().owed, inside.size());
  }
  ASSERT_TRUE(park(*backlog_, {event_of(8)}));
  open();
  expect_unreadable(1, inside.size());
  EXPECT_EQ(backlog_->status().owed, inside.size() + 1);

  give_back(number);
  open();
  expect_unreadable(0, 0);
  auto expected = inside;
  expected.push_back(json_of(8));
  const auto served = receive(*backlog_);
  EXPECT_THAT(bodies(served), UnorderedElementsAreArray(expected));
  ASSERT_TRUE(acknowledge(*backlog_, served));
  open();
  expect_unreadable(0, 0);
  EXPECT_EQ(backlog_->status().owed, 0U);
}

TEST_P(UnreadableTest, WhatWasSettledOfItStaysSettled) {
  const std::uint32_t number = GetParam();
  make();
  auto leases = receive(*backlog_);
  const std::string settled = jsons_in(number).front();
  std::erase_if(leases, [&](const queue::Lease& lease) { return lease.message.body != settled; });
  ASSERT_TRUE(acknowledge(*backlog_, leases));
  hide(number);
  for (int start = 0; start < 3; ++start) {
    open();
    expect_unreadable(1, jsons_in(number).size() - 1);
    EXPECT_EQ(backlog_->status().owed, 6U);
  }
  give_back(number);
  open();
  auto expected = jsons(1, 7);
  std::erase(expected, settled);
  EXPECT_THAT(bodies(receive(*backlog_)), UnorderedElementsAreArray(expected));
}

TEST_P(UnreadableTest, WhereItGoesForGoodItsEventsAreLostByNumber) {
  const std::uint32_t number = GetParam();
  make();
  hide(number);
  open();
  ASSERT_TRUE(acknowledge(*backlog_, receive(*backlog_)));
  open();
  ASSERT_TRUE(park(*backlog_, {event_of(8)}));
  backlog_.reset();
  std::filesystem::remove(segment(number));
  open();
  EXPECT_EQ(storage().unreadable_files, 0U);
  EXPECT_EQ(storage().lost, jsons_in(number).size());
  EXPECT_EQ(backlog_->status().owed, 1U);
}

// Also the newest one, behind which nothing was parked.
TEST_P(UnreadableTest, WhereItGoesForGoodItsEventsAreLostOnce) {
  const std::uint32_t number = GetParam();
  make();
  hide(number);
  open();
  backlog_.reset();
  std::filesystem::remove(segment(number));
  for (int start = 0; start < 2; ++start) {
    open();
    EXPECT_EQ(storage().unreadable_files, 0U);
    EXPECT_EQ(storage().damaged_files, 0U) << "the others are sound";
    EXPECT_EQ(backlog_->status().owed, 7U - jsons_in(number).size());
    EXPECT_EQ(storage().lost, start == 0 ? jsons_in(number).size() : 0U) << "told once";
  }
  EXPECT_EQ(bodies(receive(*backlog_)), jsons_without(number));
}

TEST_P(UnreadableTest, ADiskThatAnswersWithAnErrorIsNoLoss) {
  const std::uint32_t number = GetParam();
  make();
  make_unreadable(number);
  open();
  expect_unreadable(1, jsons_in(number).size());
  give_back(number);
  open();
  expect_unreadable(0, 0);
  EXPECT_EQ(bodies(receive(*backlog_)), jsons(1, 7));
}

// Where the newest one ends nobody knows after a loss of power, in which the journal's last records went: what is
// parked meanwhile must have numbers of its own.
TEST_P(UnreadableTest, WhatIsParkedMeanwhileHasNumbersOfItsOwn) {
  const std::uint32_t number = GetParam();
  hide_with_an_early_journal(number);
  park_meanwhile();
  give_back(number);
  expect_all(jsons(1, 9));
}

TEST_P(UnreadableTest, AlsoWhereTheJournalIsGone) {
  const std::uint32_t number = GetParam();
  make();
  hide(number);
  std::filesystem::remove(journal_path(options_.folder));
  park_meanwhile();
  give_back(number);
  expect_all(jsons(1, 9));
}

TEST_P(UnreadableTest, WhatWasParkedMeanwhileMayBeGoneBefore) {
  const std::uint32_t number = GetParam();
  hide_with_an_early_journal(number);
  open();
  ASSERT_TRUE(park(*backlog_, {event_of(8)}));
  ASSERT_TRUE(acknowledge(*backlog_, receive(*backlog_)));
  open();
  give_back(number);
  expect_all(jsons_in(number));
}

TEST_F(UnreadableTest, AllOfThemAreCountedWhereNoneCanBeOpened) {
  make();
  backlog_.reset();
  for (std::uint32_t number = 1; number <= 3; ++number) {
    std::filesystem::remove(segment(number));
    std::filesystem::create_directory(segment(number));
  }
  open();
  expect_unreadable(3, 7);
  ASSERT_TRUE(park(*backlog_, {event_of(8)}));
  EXPECT_EQ(bodies(receive(*backlog_)), jsons(8, 1));
  open();
  expect_unreadable(3, 7);
  EXPECT_EQ(backlog_->status().owed, 8U);
}

}  // namespace
}  // namespace twinshift::backlog::segments
