// The backlog in segments as delivery uses it, over restarts.
#include "backlog/drivers/segments/segment_backlog.hpp"

#include <gmock/gmock.h>

#include "backlog/drivers/segments/segments_fixture.hpp"
#include "tests/support/failing_disk.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::backlog::segments {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

TEST_F(SegmentsTest, LendsInOrderWhatWasParked) {
  open();
  ASSERT_TRUE(park(*backlog_, events_of(1, 3)));
  ASSERT_TRUE(park(*backlog_, events_of(4, 2)));
  EXPECT_EQ(backlog_->status().owed, 5U);
  const auto leases = receive(*backlog_);
  EXPECT_EQ(bodies(leases), jsons(1, 5));
  EXPECT_EQ(leases[1].message.message_id, "message 2");
  EXPECT_EQ(leases[1].message.received_at, event_of(2)->received_at);
  EXPECT_EQ(leases[1].attempt, 1U);
  EXPECT_THAT(receive(*backlog_), IsEmpty());
}

TEST_F(SegmentsTest, AnEmptyGroupIsDone) {
  open();
  EXPECT_TRUE(park(*backlog_, {}));
}

TEST_F(SegmentsTest, WhatIsNotSettledIsOwedAfterARestart) {
  open();
  ASSERT_TRUE(park(*backlog_, events_of(1, 4)));
  auto leases = receive(*backlog_, 3);
  leases.erase(leases.begin());
  ASSERT_TRUE(acknowledge(*backlog_, leases));
  open();
  EXPECT_EQ(backlog_->status().owed, 2U);
  EXPECT_EQ(bodies(receive(*backlog_)), (std::vector<std::string>{json_of(1), json_of(4)}));
}

std::vector<std::string> visited(Backlog& backlog, bool whole = true) {
  std::vector<std::string> ids;
  const auto told = backlog.visit([&](std::span<const OwedEvent> owed) {
    for (const OwedEvent& each : owed) ids.push_back(each.id.hex());
    return true;
  });
  EXPECT_TRUE(told);
  EXPECT_EQ(told.value_or(!whole), whole);
  return ids;
}

std::vector<std::string> ids_of(int first, int count) {
  std::vector<std::string> ids;
  for (const event::EventPtr& event : events_of(first, count)) ids.push_back(event->id.hex());
  return ids;
}

TEST_F(SegmentsTest, AVisitorSeesWhatIsOwedLentOrNotAndLendsNothing) {
  open();
  ASSERT_TRUE(park(*backlog_, events_of(1, 700)));  // more than a block
  auto leases = receive(*backlog_, 10);
  ASSERT_TRUE(acknowledge(*backlog_, {leases.begin(), leases.begin() + 4}));
  EXPECT_EQ(visited(*backlog_), ids_of(5, 696));
  EXPECT_EQ(receive(*backlog_, 10).size(), 10U);
  open();
  EXPECT_EQ(visited(*backlog_), ids_of(5, 696));
}

TEST_F(SegmentsTest, AVisitorMayHaveEnough) {
  open();
  ASSERT_TRUE(park(*backlog_, events_of(1, 600)));
  std::size_t seen = 0;
  const auto told = backlog_->visit([&](std::span<const OwedEvent> owed) {
    seen += owed.size();
    return false;
  });
  EXPECT_TRUE(told);
  EXPECT_LT(seen, 600U);
}

// Also of a folder that a service has left with a torn tail.
TEST_F(SegmentsTest, CountingChangesNoFile) {
  EXPECT_EQ(read_segment_backlog(options_).value()->status().owed, 0U);
  EXPECT_FALSE(std::filesystem::exists(options_.folder));
  open();
  ASSERT_TRUE(park(*backlog_, events_of(1, 3)));
  ASSERT_TRUE(acknowledge(*backlog_, receive(*backlog_, 1)));
  backlog_.reset();
  write_file(segment(1), read_file(segment(1)) + "torn");
  const std::string segment_before = read_file(segment(1));
  const std::string journal_before = read_file(journal_path(options_.folder));
  auto counted = read_segment_backlog(options_);
  ASSERT_TRUE(counted);
  EXPECT_EQ((*counted)->status().owed, 2U);
  EXPECT_EQ((*counted)->count_arrivals().value().hours.front().waiting, 2U);
  EXPECT_EQ(visited(**counted), ids_of(2, 2));
  EXPECT_EQ(park(**counted, events_of(4, 1)).error().kind, base::ErrorKind::conflict);
  EXPECT_EQ(read_file(segment(1)), segment_before);
  EXPECT_EQ(read_file(journal_path(options_.folder)), journal_before);
  EXPECT_EQ(std::ranges::distance(std::filesystem::directory_iterator(options_.folder)), 2);
}

// Nothing is flushed by a stop here: what `done` promised must hold when the process just ends.
TEST_F(SegmentsTest, SurvivesAProcessThatEndsAnywhere) {
  open();
  ASSERT_TRUE(park(*backlog_, events_of(1, 4)));
  auto leases = receive(*backlog_, 2);
  ASSERT_TRUE(acknowledge(*backlog_, leases));
  TempFolder other;
  std::filesystem::copy(options_.folder, other.backlog());
  backlog_->close();
  options_.folder = other.backlog();
  open();
  EXPECT_EQ(bodies(receive(*backlog_)), jsons(3, 2));
  EXPECT_EQ(storage().lost, 0U);
}

TEST_F(SegmentsTest, ASettledSegmentIsDeleted) {
  options_.segment_bytes_max = 1'000;
  open();
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(park(*backlog_, events_of(10 * i, 4)));
  ASSERT_TRUE(std::filesystem::exists(segment(2)));
  EXPECT_EQ(bodies(receive(*backlog_, 4)), jsons(0, 4));
  const auto rest = receive(*backlog_);
  ASSERT_EQ(rest.size(), 20U);
  ASSERT_TRUE(acknowledge(*backlog_, rest));
  EXPECT_TRUE(std::filesystem::exists(segment(1))) << "four of its events are lent";
  EXPECT_FALSE(std::filesystem::exists(segment(2)));
  backlog_->close();
  open();
  EXPECT_EQ(bodies(receive(*backlog_)), jsons(0, 4));
}

TEST_F(SegmentsTest, NothingIsLeftOnceAllIsSettled) {
  open();
  ASSERT_TRUE(park(*backlog_, events_of(1, 10)));
  ASSERT_TRUE(acknowledge(*backlog_, receive(*backlog_)));
  EXPECT_EQ(backlog_->status().owed, 0U);
  backlog_->close();
  EXPECT_FALSE(std::filesystem::exists(segment(1)));
  // Numbers go on: what the journal says of earlier events is not taken for these.
  open();
  ASSERT_TRUE(park(*backlog_, events_of(20, 3)));
  open();
  EXPECT_EQ(bodies(receive(*backlog_)), jsons(20, 3));
}

TEST_F(SegmentsTest, AReleasedEventComesAgainAndItsOldReceiptIsVoid) {
  open();
  ASSERT_TRUE(park(*backlog_, events_of(1, 1)));
  const auto first = receive(*backlog_);
  backlog_->release({first[0].receipt}, 0ms);
  ASSERT_TRUE(acknowledge(*backlog_, first));
  EXPECT_EQ(backlog_->status().owed, 1U);
  const auto again = receive(*backlog_);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].attempt, 2U);
  ASSERT_TRUE(acknowledge(*backlog_, again));
  EXPECT_EQ(backlog_->status().owed, 0U);
}

TEST_F(SegmentsTest, LeasesRunByTheSteadyClockAlone) {
  tests::ManualClock clock;
  options_.clock = &clock;
  options_.lease_timeout = 10s;
  open();
  ASSERT_TRUE(park(*backlog_, events_of(1, 1)));
  ASSERT_EQ(receive(*backlog_).size(), 1U);
  clock.set(clock.now() - 1h);
  clock.advance(8s);
  EXPECT_THAT(receive(*backlog_), IsEmpty());
  clock.advance(3s);
  EXPECT_EQ(receive(*backlog_).size(), 1U);
  EXPECT_GE(backlog_->status().oldest_age, 0ms);
  backlog_.reset();  // before its clock
}

TEST_F(SegmentsTest, WaitsForAnEventAndForAStop) {
  open();
  std::jthread later([&] { EXPECT_TRUE(park(*backlog_, events_of(1, 1))); });
  EXPECT_EQ(receive(*backlog_, 1, 30s).size(), 1U);
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  const auto none = backlog_->receive(1, 30s, stop.get_token());
  ASSERT_TRUE(none);
  EXPECT_THAT(*none, IsEmpty());
}

TEST_F(SegmentsTest, AClosedBacklogTakesAndGivesNothing) {
  open();
  ASSERT_TRUE(park(*backlog_, events_of(1, 1)));
  backlog_->close();
  backlog_->close();
  EXPECT_EQ(park(*backlog_, events_of(2, 1)).error().kind, base::ErrorKind::cancelled);
  EXPECT_FALSE(backlog_->receive(1, 0ms, {}));
}

TEST_F(SegmentsTest, TellsWhatIsOwedByArrivalHour) {
  open();
  const base::WallTime first(480'000h);
  const base::WallTime second(480'001h);
  ASSERT_TRUE(park(*backlog_, {event_of(1, "a", first + 59min), event_of(2, "b", second), event_of(3, "c", first)}));
  const auto owed_by_hour = [&] {
    OwedByHour owed;
    const auto counted = backlog_->count_arrivals();
    for (const queue::HourOfArrival& each : counted->hours) owed[each.hour] = each.waiting;
    return owed;
  };
  const OwedByHour expected{{first, 2}, {second, 1}};
  EXPECT_EQ(owed_by_hour(), expected);
  const auto lent = receive(*backlog_, 1);
  ASSERT_TRUE(acknowledge(*backlog_, lent));
  open();
  const OwedByHour after{{first, 1}, {second, 1}};
  EXPECT_EQ(owed_by_hour(), after);
}

TEST_F(SegmentsTest, AFailingDiskIsAnAnswerAndThenOver) {
  options_.segment_bytes_max = 100'000;
  open();
  ASSERT_TRUE(park(*backlog_, events_of(1, 2)));
  {
    const tests::FailingDisk failing;
    EXPECT_FALSE(park(*backlog_, events_of(100, 400)));
    EXPECT_TRUE(backlog_->status().trouble);
  }
  ASSERT_TRUE(tests::wait_until([&] { return park(*backlog_, events_of(3, 1)).has_value(); }));
  EXPECT_TRUE(tests::wait_until([&] { return !backlog_->status().trouble; }));
  EXPECT_EQ(bodies(receive(*backlog_)), jsons(1, 3));
  open();
  EXPECT_EQ(bodies(receive(*backlog_)), jsons(1, 3));
  EXPECT_EQ(storage().lost, 0U);
}

TEST_F(SegmentsTest, WhatWaitsSharesABlock) {
  options_.gather = 200ms;
  open();
  ASSERT_TRUE(park(*backlog_, events_of(0, 1)));  // the first goes at once
  std::vector<std::promise<base::Status>> answers(50);
  for (int i = 0; i < 50; ++i) {
    backlog_->park(events_of(i + 1, 1), [&answers, i](base::Status status) {
      answers[static_cast<std::size_t>(i)].set_value(std::move(status));
    });
  }
  for (auto& answer : answers) EXPECT_TRUE(answer.get_future().get());
  auto file = DiskFile::open(segment(1));
  ASSERT_TRUE(file);
  const auto scan = scan_segment(*file);
  ASSERT_TRUE(scan);
  EXPECT_LT(scan->blocks.size(), 10U);
  EXPECT_EQ(bodies(receive(*backlog_)), jsons(0, 51));
}

}  // namespace
}  // namespace twinshift::backlog::segments
