// What every backlog must do, whatever keeps it: segments in a folder, or an event queue.
#include <algorithm>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backlog/drivers/segments/segment_backlog.hpp"
#include "backlog/queue_backlog.hpp"
#include "queue/drivers/sqlite/sqlite_queue.hpp"
#include "tests/support/hostile_events.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::backlog {
namespace {

using namespace std::chrono_literals;
using BacklogPtr = std::unique_ptr<Backlog>;

BacklogPtr open_segments(const std::string& folder, const base::Clock& clock) {
  SegmentBacklogOptions options;
  options.target = "secondary";
  options.folder = folder + "/secondary-backlog";
  options.lease_timeout = 10s;
  options.segment_bytes_max = 100'000;  // some of them in a test
  options.gather = 0ms;
  options.clock = &clock;
  auto opened = open_segment_backlog(options);
  EXPECT_TRUE(opened) << (opened ? "" : opened.error().text());
  return opened ? std::move(*opened) : nullptr;
}

BacklogPtr open_queue(const std::string& folder, const base::Clock& clock) {
  queue::SqliteQueueOptions options;
  options.path = folder + "/backlog.db";
  options.lease_timeout = 10s;
  options.disk_reserve_bytes = 0;
  options.clock = &clock;
  auto opened = queue::open_sqlite_queue(std::move(options));
  EXPECT_TRUE(opened) << (opened ? "" : opened.error().text());
  return opened ? std::make_unique<QueueBacklog>("secondary", std::move(*opened)) : nullptr;
}

struct Kind {
  const char* name;
  BacklogPtr (*open)(const std::string& folder, const base::Clock& clock);
};

event::EventPtr event_of(std::string json, std::string id, base::WallTime at = base::WallTime(480'000h)) {
  auto event = event::decode_event(std::move(json), std::move(id), at);
  EXPECT_TRUE(event);
  return *event;
}

std::vector<event::EventPtr> events_of(int first, int count) {
  std::vector<event::EventPtr> events;
  for (int i = first; i < first + count; ++i) events.push_back(event_of(fmt::format(R"({{"n":{}}})", i), "m"));
  return events;
}

class BacklogConformance : public ::testing::TestWithParam<Kind> {
 protected:
  BacklogConformance() { reopen(); }
  void reopen() {
    backlog_.reset();
    backlog_ = GetParam().open(folder_.string(), clock_);
  }
  base::Status park(std::vector<event::EventPtr> events) {
    std::promise<base::Status> answer;
    backlog_->park(std::move(events), [&](base::Status status) { answer.set_value(std::move(status)); });
    return answer.get_future().get();
  }
  base::Status settle(const std::vector<queue::Lease>& leases) {
    std::vector<queue::Receipt> receipts;
    for (const queue::Lease& lease : leases) receipts.push_back(lease.receipt);
    std::promise<base::Status> answer;
    backlog_->acknowledge(std::move(receipts), [&](base::Status status) { answer.set_value(std::move(status)); });
    return answer.get_future().get();
  }
  std::vector<queue::Lease> receive(std::size_t events_max = 1'000) {
    auto leases = backlog_->receive(events_max, 0ms, {});
    EXPECT_TRUE(leases);
    return leases ? std::move(*leases) : std::vector<queue::Lease>();
  }
  std::uint64_t owed() { return backlog_->status().owed; }

  tests::TemporaryFolder folder_;
  tests::ManualClock clock_;
  BacklogPtr backlog_;
};

TEST_P(BacklogConformance, KeepsHostileEventsToTheByte) {
  std::vector<event::EventPtr> events;
  for (std::uint64_t i = 0; i < 300; ++i) {
    events.push_back(event_of(tests::hostile_event(5, i), fmt::format("id \"{}\"", i), base::WallTime(i * 1us)));
  }
  ASSERT_TRUE(park(events));
  reopen();
  ASSERT_EQ(owed(), events.size());
  std::vector<queue::Lease> leases;
  while (leases.size() < events.size()) {
    auto more = receive(77);
    ASSERT_FALSE(more.empty());
    std::ranges::move(more, std::back_inserter(leases));
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    ASSERT_EQ(leases[i].message.body, events[i]->json);
    ASSERT_EQ(leases[i].message.message_id, events[i]->message_id);
    ASSERT_EQ(leases[i].message.received_at, events[i]->received_at);
  }
  ASSERT_TRUE(settle(leases));
  EXPECT_EQ(owed(), 0U);
  reopen();
  EXPECT_EQ(owed(), 0U);
}

TEST_P(BacklogConformance, OwesAfterAReopeningWhatWasNotSettled) {
  ASSERT_TRUE(park(events_of(1, 1'000)));
  auto leases = receive();
  ASSERT_EQ(leases.size(), 1'000U);
  std::vector<queue::Lease> every_third;
  for (std::size_t i = 0; i < leases.size(); i += 3) every_third.push_back(leases[i]);
  ASSERT_TRUE(settle(every_third));
  reopen();
  EXPECT_EQ(owed(), 666U);
  const auto left = receive();
  ASSERT_EQ(left.size(), 666U);
  EXPECT_EQ(left[0].message.body, R"({"n":2})");
  EXPECT_EQ(left[2].message.body, R"({"n":5})");
}

TEST_P(BacklogConformance, ALeaseThatRanOutIsLentAgainAndItsReceiptIsVoid) {
  ASSERT_TRUE(park(events_of(1, 1)));
  const auto first = receive();
  clock_.advance(8s);
  backlog_->extend({first[0].receipt}, 10s);
  clock_.advance(9s);
  EXPECT_TRUE(receive().empty());
  clock_.advance(2s);
  const auto second = receive();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].attempt, 2U);
  ASSERT_TRUE(settle(first));
  EXPECT_EQ(owed(), 1U);
  ASSERT_TRUE(settle(second));
  EXPECT_EQ(owed(), 0U);
}

TEST_P(BacklogConformance, AReleasedEventWaitsForItsDelay) {
  ASSERT_TRUE(park(events_of(1, 2)));
  const auto leases = receive();
  backlog_->release({leases[0].receipt}, 5s);
  EXPECT_TRUE(receive().empty());
  clock_.advance(6s);
  const auto again = receive();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].message.body, leases[0].message.body);
}

TEST_P(BacklogConformance, AWallClockThatJumpsBackChangesNothing) {
  ASSERT_TRUE(park(events_of(1, 3)));
  ASSERT_EQ(receive(1).size(), 1U);
  clock_.set(clock_.now() - 1h);
  EXPECT_EQ(receive().size(), 2U);
  ASSERT_TRUE(park(events_of(4, 1)));
  EXPECT_EQ(receive().size(), 1U);
  EXPECT_GE(backlog_->status().oldest_age, 0ms);
  clock_.advance(11s);
  EXPECT_EQ(receive().size(), 4U);
}

TEST_P(BacklogConformance, CountsWhatIsOwedByHourOfArrival) {
  const base::WallTime hour(480'000h);
  ASSERT_TRUE(park({event_of(R"({"n":1})", "a", hour + 1min), event_of(R"({"n":2})", "b", hour + 61min)}));
  reopen();
  const auto counted = backlog_->count_arrivals();
  ASSERT_TRUE(counted);
  EXPECT_TRUE(counted->waiting_known);
  ASSERT_EQ(counted->hours.size(), 2U);
  EXPECT_EQ(counted->hours[0].hour, hour);
  EXPECT_EQ(counted->hours[0].waiting, 1U);
  EXPECT_EQ(counted->hours[1].waiting, 1U);
}

TEST_P(BacklogConformance, AClosedOneTakesAndGivesNothingAndKeepsAll) {
  ASSERT_TRUE(park(events_of(1, 3)));
  const auto leases = receive(1);
  backlog_->close();
  backlog_->close();
  const auto late = park(events_of(9, 1));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, base::ErrorKind::cancelled);
  EXPECT_FALSE(backlog_->receive(1, 0ms, {}));
  reopen();
  EXPECT_EQ(owed(), 3U);
}

TEST_P(BacklogConformance, NothingIsAnsweredTwiceOrNever) {
  constexpr int kGroups = 200;
  std::atomic<int> answers = 0;
  for (int i = 0; i < kGroups; ++i) {
    backlog_->park(events_of(i * 10, 10), [&](const base::Status& status) {
      EXPECT_TRUE(status);
      ++answers;
    });
  }
  backlog_->close();
  EXPECT_EQ(answers, kGroups);
  reopen();
  EXPECT_EQ(owed(), 10U * kGroups);
}

INSTANTIATE_TEST_SUITE_P(Kinds, BacklogConformance,
                         ::testing::Values(Kind{"segments", open_segments}, Kind{"queue", open_queue}),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace twinshift::backlog
