// Over its budget the backlog keeps ids alone, and has the bodies told by the primary again.
#include <map>
#include <mutex>
#include <set>

#include <gmock/gmock.h>

#include "backlog/drivers/segments/segments_fixture.hpp"
#include "backlog/owed_body.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::backlog::segments {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAreArray;

// A primary that holds what it was given, and can be away.
class FakePrimary {
 public:
  void hold(const std::vector<event::EventPtr>& events) {
    const std::lock_guard lock(mutex_);
    for (const event::EventPtr& event : events) texts_[event->id.hex()] = event->json;
  }
  void tell_instead(const event::EventPtr& event, std::string json) {
    const std::lock_guard lock(mutex_);
    texts_[event->id.hex()] = std::move(json);
  }
  void erase(const event::EventPtr& event) {
    const std::lock_guard lock(mutex_);
    texts_.erase(event->id.hex());
    erased_.insert(event->id.hex());
  }
  void away(bool away) {
    const std::lock_guard lock(mutex_);
    away_ = away;
  }
  std::size_t questions() {
    const std::lock_guard lock(mutex_);
    return questions_;
  }
  Refill refill() {
    return [this](std::span<const Wanted> wanted) -> base::Result<std::vector<Told>> {
      const std::lock_guard lock(mutex_);
      ++questions_;
      if (away_) return base::fail(base::ErrorKind::unavailable, "refused", "primary");
      std::vector<Told> told;
      for (const Wanted& each : wanted) {
        Told& one = told.emplace_back();
        const auto found = texts_.find(each.id.hex());
        if (found != texts_.end()) one.json = found->second;
        one.erased = erased_.contains(each.id.hex());
      }
      return told;
    };
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> texts_;
  std::set<std::string> erased_;
  bool away_ = false;
  std::size_t questions_ = 0;
};

class BudgetTest : public SegmentsTest {
 protected:
  BudgetTest() {
    options_.refill = primary_.refill();
    options_.bytes_max = 0;                                 // ids alone from the first event on
    options_.lease_timeout = std::chrono::hours(24 * 365);  // time goes on in leaps here
    options_.clock = &clock_;
  }
  ~BudgetTest() override { backlog_.reset(); }

  // What is lent until so many events came, time going on meanwhile.
  std::vector<queue::Lease> lend(std::size_t count) {
    std::vector<queue::Lease> leases;
    tests::wait_until([&] {
      for (queue::Lease& lease : receive(*backlog_)) leases.push_back(std::move(lease));
      if (leases.size() < count) clock_.advance(1s);
      return leases.size() >= count;
    });
    return leases;
  }
  tests::ManualClock clock_;
  FakePrimary primary_;
};

TEST_F(BudgetTest, WhatIsKeptByIdAloneComesBackWhole) {
  const auto events = events_of(1, 40);
  primary_.hold(events);
  open();
  ASSERT_TRUE(park(*backlog_, events));
  EXPECT_EQ(storage().ids_only, 40U);
  open();
  EXPECT_EQ(storage().ids_only, 40U);
  const auto leases = lend(40);
  EXPECT_EQ(bodies(leases), jsons(1, 40));
  EXPECT_EQ(leases[7].message.message_id, "message 8");
  EXPECT_EQ(leases[7].message.received_at, events[7]->received_at);
  ASSERT_TRUE(acknowledge(*backlog_, leases));
  EXPECT_EQ(backlog_->status().owed, 0U);
  EXPECT_EQ(storage().ids_only, 0U);
}

TEST_F(BudgetTest, WhatThePrimaryDoesNotHoldStaysOwedAndComesLater) {
  const auto events = events_of(1, 5);
  primary_.hold({events[0], events[4]});
  open();
  ASSERT_TRUE(park(*backlog_, events));
  auto leases = lend(2);
  EXPECT_THAT(bodies(leases), UnorderedElementsAreArray({json_of(1), json_of(5)}));
  ASSERT_TRUE(acknowledge(*backlog_, leases));
  EXPECT_EQ(backlog_->status().owed, 3U);
  primary_.hold(events);
  leases = lend(3);
  EXPECT_EQ(bodies(leases), jsons(2, 3));
  ASSERT_TRUE(acknowledge(*backlog_, leases));
  EXPECT_EQ(backlog_->status().owed, 0U);
}

// Its target calls it a duplicate.
TEST_F(BudgetTest, WhatWasErasedIsLentByItsIdAloneAndSettled) {
  const auto events = events_of(1, 3);
  primary_.hold(events);
  primary_.erase(events[1]);
  open();
  ASSERT_TRUE(park(*backlog_, events));
  const auto leases = lend(3);
  std::vector<event::EventId> ids;
  for (const queue::Lease& lease : leases) {
    const auto event = decode_owed(lease.message, event::IdentityMode::content);
    ASSERT_TRUE(event) << event.error().text();
    ids.push_back((*event)->id);
    if ((*event)->id != events[1]->id) continue;
    EXPECT_TRUE((*event)->json.empty());
    EXPECT_EQ((*event)->event_at, events[1]->event_at);
    EXPECT_EQ((*event)->received_at, events[1]->received_at);
    EXPECT_EQ((*event)->message_id, events[1]->message_id);
    EXPECT_EQ((*event)->key, events[1]->key);
  }
  EXPECT_THAT(ids, UnorderedElementsAreArray({events[0]->id, events[1]->id, events[2]->id}));
  ASSERT_TRUE(acknowledge(*backlog_, leases));
  EXPECT_EQ(backlog_->status().owed, 0U);
}

TEST_F(BudgetTest, AnotherEventUnderTheIdIsNotServed) {
  const auto events = events_of(1, 2);
  primary_.hold(events);
  primary_.tell_instead(events[0], json_of(99));
  open();
  ASSERT_TRUE(park(*backlog_, events));
  EXPECT_EQ(bodies(lend(1)), jsons(2, 1));
  const std::size_t asked = primary_.questions();
  EXPECT_TRUE(tests::wait_until([&] {
    clock_.advance(10s);
    EXPECT_THAT(receive(*backlog_), ::testing::Each(::testing::Field(
                                        &queue::Lease::message, ::testing::Field(&queue::Message::body, json_of(2)))));
    return primary_.questions() > asked + 2;
  }));
  EXPECT_EQ(backlog_->status().owed, 2U);
}

// Bodies that are here are served while the primary cannot be asked, and what waits for it follows when it is back.
TEST_F(BudgetTest, APrimaryThatIsAwayHoldsNobodyUp) {
  options_.bytes_max = 1'000'000;
  const auto with_bodies = events_of(1, 3);
  open();
  ASSERT_TRUE(park(*backlog_, with_bodies));
  options_.bytes_max = 0;
  open();
  const auto without = events_of(10, 3);
  primary_.hold(without);
  primary_.away(true);
  ASSERT_TRUE(park(*backlog_, without));
  options_.bytes_max = 1'000'000;
  open();
  ASSERT_TRUE(park(*backlog_, events_of(20, 3)));
  EXPECT_EQ(storage().ids_only, 3U);
  const auto leases = lend(6);
  std::vector<std::string> expected = jsons(1, 3);
  for (const std::string& json : jsons(20, 3)) expected.push_back(json);
  EXPECT_EQ(bodies(leases), expected);
  ASSERT_TRUE(acknowledge(*backlog_, leases));
  EXPECT_TRUE(tests::wait_until([&] { return storage().refill_trouble.has_value(); }));
  primary_.away(false);
  EXPECT_EQ(bodies(lend(3)), jsons(10, 3));
  EXPECT_FALSE(storage().refill_trouble);
}

TEST_F(BudgetTest, AReleasedEventIsAskedForAgain) {
  const auto events = events_of(1, 3);
  primary_.hold(events);
  open();
  ASSERT_TRUE(park(*backlog_, events));
  auto leases = lend(3);
  std::vector<queue::Receipt> receipts;
  for (const queue::Lease& lease : leases) receipts.push_back(lease.receipt);
  backlog_->release(receipts, 0ms);
  EXPECT_EQ(bodies(lend(3)), jsons(1, 3));
}

TEST_F(BudgetTest, ADamagedBodyIsReadFromThePrimary) {
  options_.bytes_max = 1'000'000;
  const auto events = events_of(1, 3);
  primary_.hold(events);
  open();
  ASSERT_TRUE(park(*backlog_, events));
  backlog_.reset();
  std::string bytes = read_file(segment(1));
  bytes[bytes.size() - kBlockHeaderBytes - 5] ^= 1;
  write_file(segment(1), bytes);
  open();
  EXPECT_EQ(bodies(lend(3)), jsons(1, 3));
  EXPECT_EQ(storage().lost, 0U);
  EXPECT_EQ(storage().damaged_files, 1U);
}

TEST_F(BudgetTest, BodiesEndAtTheBudgetAndBeginAgainBelowIt) {
  options_.bytes_max = 20'000;
  options_.segment_bytes_max = 5'000;
  open();
  int next = 0;
  while (storage().ids_only == 0 && next < 2'000) {
    const auto events = events_of(next, 20);
    primary_.hold(events);
    ASSERT_TRUE(park(*backlog_, events));
    next += 20;
  }
  EXPECT_EQ(storage().ids_only, 20U) << "the first group over the budget";
  EXPECT_LE(storage().bytes, options_.bytes_max + 20 * kEntryBytes + 1'000);
  const auto leases = lend(static_cast<std::size_t>(next));
  ASSERT_TRUE(acknowledge(*backlog_, leases));
  ASSERT_TRUE(park(*backlog_, events_of(10'000, 20)));
  EXPECT_EQ(storage().ids_only, 0U);
}

TEST_F(BudgetTest, TheQueuesShareOfTheDiskIsLeftAlone) {
  options_.bytes_max = 1'000'000;
  options_.disk_free_min = free_bytes("/") + (std::uint64_t{1} << 60U);
  open();
  ASSERT_TRUE(park(*backlog_, events_of(1, 3)));
  EXPECT_EQ(storage().ids_only, 3U);
}

TEST_F(BudgetTest, WithoutARefillItIsFull) {
  options_.refill = nullptr;
  open();
  const auto parked = park(*backlog_, events_of(1, 3));
  ASSERT_FALSE(parked);
  EXPECT_EQ(parked.error().kind, base::ErrorKind::full);
  EXPECT_EQ(backlog_->status().owed, 0U);
}

// A primary that never answers must not keep the backlog from closing.
TEST_F(BudgetTest, AQuestionThatHangsIsLeftBehind) {
  auto gate = std::make_shared<std::promise<void>>();
  auto asked = std::make_shared<std::promise<void>>();
  options_.refill = [gate, asked](std::span<const Wanted>) -> base::Result<std::vector<Told>> {
    asked->set_value();
    gate->get_future().wait();
    return base::fail(base::ErrorKind::unavailable, "late", "primary");
  };
  open();
  ASSERT_TRUE(park(*backlog_, events_of(1, 3)));
  EXPECT_THAT(receive(*backlog_), IsEmpty());
  asked->get_future().wait();
  backlog_->close();
  EXPECT_TRUE(backlog_->left_thread_behind());
  backlog_.reset();
  gate->set_value();
}

}  // namespace
}  // namespace twinshift::backlog::segments
