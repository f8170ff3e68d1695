#include "books/keeper.hpp"

#include <future>
#include <map>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "books/keeper_fixture.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::books {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST_F(KeeperTest, ClosesAnHourAndNamesWhatIsMissing) {
  queue_.set({.hours = {{.hour = kNoon, .received = 10}}});
  land("primary", 10);
  land("secondary", 9);
  start();
  EXPECT_EQ(count(0).lines.at(0).state, LineState::closed);
  EXPECT_EQ(count(1).lines.at(0).state, LineState::missing);
  EXPECT_EQ(count(1).missing, 1U);
  EXPECT_THAT(log(), HasSubstr("The books do not close: events are missing"));
  EXPECT_THAT(log(), HasSubstr("secondary"));
  land("secondary", 10);
  EXPECT_EQ(count(1).missing, 0U);
  EXPECT_THAT(log(), HasSubstr("The books close again"));
}

TEST_F(KeeperTest, HoursOfWhichNothingChangedAreReadAgainWhereThatIsAskedFor) {
  queue_.set({.hours = {{.hour = kNoon, .received = 10}, {.hour = kNoon + 1h, .received = 0}}});
  land("primary", 10);
  land("secondary", 10);
  start();
  ASSERT_EQ(count(1).lines.at(0).state, LineState::closed);
  land("secondary", 4);  // its table was lost
  EXPECT_EQ(count(1).lines.at(0).state, LineState::closed);
  (void)keeper_->count_now(30s, Keeper::Reading::all_hours);
  EXPECT_EQ(count(1).missing, 6U);
}

TEST_F(KeeperTest, ATargetThatCannotBeCountedKeepsItsLastBooksAndHoldsUpNoOther) {
  queue_.set({.hours = {{.hour = kNoon, .received = 1}}});
  land("primary", 1);
  land("secondary", 1);
  start();
  ASSERT_TRUE(count(1).counted_at);
  {
    const std::lock_guard lock(mutex_);
    broken_["secondary"] = {base::ErrorKind::unavailable, "away", "secondary", ""};
  }
  EXPECT_EQ(count(1).error, "away");
  EXPECT_EQ(count(1).lines.at(0).state, LineState::closed);
  EXPECT_EQ(count(0).error, "");
}

TEST_F(KeeperTest, ADroppedRecordIsWaivedForEachMessageInItsHour) {
  const Hour later = kNoon + std::chrono::hours(1);
  ASSERT_TRUE(file_->plan_drops({{7, "secondary", {{kNoon, 1}}}}));
  ASSERT_TRUE(file_->plan_drops({{7, "secondary", {{kNoon, 2}, {later, 1}}}}));  // in place of the first plan
  EXPECT_THAT(file_->planned_drops().value(), ElementsAre(7));
  ASSERT_TRUE(file_->settle_drop(7, true));
  EXPECT_THAT(file_->dropped("secondary").value(), ElementsAre(Pair(kNoon, 2), Pair(later, 1)));
  EXPECT_THAT(file_->dropped("primary").value(), IsEmpty());
  ASSERT_TRUE(file_->plan_drops({{8, "secondary", {{later, 3}}}}));
  ASSERT_TRUE(file_->settle_drop(8, true));
  EXPECT_THAT(file_->dropped("secondary").value(), ElementsAre(Pair(kNoon, 2), Pair(later, 4)));
}

TEST_F(KeeperTest, WhatAPersonDropsIsWaivedForThatTarget) {
  queue_.set({.hours = {{.hour = kNoon, .received = 3, .waived = 1}}});
  const std::map<Hour, std::uint64_t> one = {{kNoon, 1}};
  ASSERT_TRUE(file_->plan_drops({{1, "secondary", one}, {2, "secondary", one}, {3, "secondary", one}}));
  open_file();
  const auto planned = file_->planned_drops();
  ASSERT_TRUE(planned);
  ASSERT_EQ(planned->size(), 3U);
  for (const std::int64_t record : *planned) EXPECT_TRUE(file_->settle_drop(record, record != 3));
  EXPECT_TRUE(file_->settle_drop(planned->front(), true));  // once more changes nothing
  EXPECT_TRUE(file_->planned_drops()->empty());
  land("primary", 3);
  start();
  EXPECT_EQ(count(0).lines.at(0).counts.waived, 0U);  // switched off is never the primary
  EXPECT_EQ(count(1).lines.at(0).counts.waived, 3U);
  EXPECT_EQ(count(1).lines.at(0).state, LineState::closed);
}

TEST_F(KeeperTest, KeepsTheArrivalsOfAQueueElsewhereOverARestart) {
  const auto arrived = [&](std::uint64_t received) {
    queue_.set({.hours = {{.hour = kNoon, .received = received}}, .waiting_known = false, .kept = false},
               status_of(received));
  };
  arrived(4);
  start();
  EXPECT_EQ(count(0).lines.at(0).counts.received, 4U);
  EXPECT_EQ(count(0).lines.at(0).state, LineState::open);
  arrived(5);
  keeper_.reset();  // stores what came since
  open_file();
  arrived(2);
  queue_.set({.hours = {{.hour = kNoon, .received = 2}}, .waiting_known = false, .kept = false});
  land("primary", 7);
  start();
  EXPECT_EQ(count(0).lines.at(0).counts.received, 7U);
  EXPECT_EQ(count(0).lines.at(0).state, LineState::closed);
}

// A segment that cannot be opened: nobody can look of which hours its events are.
TEST_F(KeeperTest, WhatABacklogOwesInUnreadableFilesKeepsHoursOpen) {
  queue_.set({.hours = {{.hour = kNoon, .received = 10}}});
  land("primary", 10);
  land("secondary", 5);
  backlog::BacklogStatus status{.owed = 5, .oldest_age = {}, .trouble = {}, .storage = backlog::StorageStatus()};
  status.storage->unreadable_events = 3;
  CountedBacklog owed({.hours = {{.hour = kNoon, .received = 2, .waiting = 2}}}, status);
  start(&owed);
  EXPECT_EQ(count(1).lines.at(0).state, LineState::open);
  EXPECT_EQ(count(1).missing, 0U);
  EXPECT_EQ(count(1).owed_elsewhere, 3U);
  EXPECT_EQ(count(0).lines.at(0).state, LineState::closed);
  land("secondary", 4);  // one more is gone than stands there
  EXPECT_EQ(count(1).lines.at(0).state, LineState::missing);
  keeper_.reset();
}

TEST_F(KeeperTest, HoursOlderThanTheBooksKnowAreForgottenUnlessTheyAreOwed) {
  queue_.set(
      {.hours = {{.hour = kNoon, .received = 10, .waiting = 0}, {.hour = kNoon + 1h, .received = 10, .waiting = 1}}});
  clock_.advance(90 * 24h);
  start();
  (void)count(0);
  const TargetBooks books = count(0);
  ASSERT_EQ(books.lines.size(), 1U);
  EXPECT_EQ(books.lines[0].hour, kNoon + 1h);
  EXPECT_EQ(books.lines[0].state, LineState::unknown);
  EXPECT_EQ(books.missing, 0U);
  keeper_.reset();
}

// A table that is another, markers that others have removed.
TEST_F(KeeperTest, ATargetMayBeJudgedFromALaterHourThanTheOther) {
  queue_.set({.hours = {{.hour = kNoon, .received = 10}, {.hour = kNoon + 1h, .received = 1}}});
  std::vector<TargetParts> targets;
  for (const std::string name : {"primary", "secondary"}) {
    targets.push_back(
        {.name = name, .is_primary = name == "primary", .read_loads = nothing(), .read_quarantined = nothing()});
  }
  targets[1].judged_from = [] { return kNoon + 1h; };
  keeper_ = std::make_unique<Keeper>(Options{.interval = 1h, .clock = &clock_}, queue_, *file_, std::move(targets));
  keeper_->start();
  (void)count(0);
  EXPECT_EQ(count(0).missing, 11U);
  EXPECT_EQ(count(1).missing, 1U);
  EXPECT_EQ(count(1).judged_from, kNoon + 1h);
  keeper_.reset();
}

TEST_F(KeeperTest, AQueueThatCannotBeCountedIsSaid) {
  queue_.fail({base::ErrorKind::unavailable, "no file", "queue.db", ""});
  start();
  ASSERT_TRUE(tests::wait_until([&] { return keeper_->books().at(0).error == "no file"; }));
  EXPECT_FALSE(keeper_->books().at(0).counted_at);
}

TEST_F(KeeperTest, StoppingLeavesAThreadBehindThatHangs) {
  std::promise<void> hang;
  std::promise<void> begun;
  std::vector<TargetParts> targets;
  targets.push_back(
      {.name = "primary",
       .is_primary = true,
       .read_loads = [ended = hang.get_future().share(), &begun](Hour) -> base::Result<std::map<Hour, Counts>> {
         begun.set_value();
         ended.wait();
         return std::map<Hour, Counts>();
       },
       .read_quarantined = nothing()});
  keeper_ = std::make_unique<Keeper>(Options{.interval = 1h, .clock = &clock_}, queue_, *file_, std::move(targets));
  keeper_->start();
  begun.get_future().wait();
  EXPECT_FALSE(keeper_->stop(10ms));
  hang.set_value();
  EXPECT_TRUE(keeper_->stop(30s));
}

// Two instances on one queue: each lands what the other has taken.
TEST_F(KeeperTest, AddsWhatOtherInstancesHavePublishedAndTellsItsOwnAlone) {
  queue_.set({.hours = {{.hour = kNoon, .received = 4}}});
  land("primary", 9);
  std::map<Hour, Counts> others{{kNoon - 1h, {.received = 50}}, {kNoon, {.received = 7, .quarantined = 1, .owed = 1}}};
  std::vector<std::map<Hour, Counts>> told;
  std::vector<TargetParts> targets;
  targets.push_back({.name = "primary",
                     .is_primary = true,
                     .read_loads = landed("primary"),
                     .read_quarantined = nothing(),
                     .publish =
                         [&](const std::map<Hour, Counts>& own, base::WallTime) {
                           const std::lock_guard lock(mutex_);
                           told.push_back(own);
                         },
                     .read_others = [&](Hour) -> base::Result<std::map<Hour, Counts>> {
                       const std::lock_guard lock(mutex_);
                       return others;
                     },
                     .others_lag = 1h});
  keeper_ = std::make_unique<Keeper>(Options{.interval = 1h, .clock = &clock_}, queue_, *file_, std::move(targets));
  keeper_->start();
  const TargetBooks first = count(0);
  ASSERT_EQ(first.lines.size(), 1U);  // the hour before ours is not ours to judge
  EXPECT_EQ(first.lines[0].counts, (Counts{.received = 11, .landed = 9, .quarantined = 1, .owed = 1}));
  EXPECT_EQ(first.lines[0].state, LineState::open);
  {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(told.back(), (std::map<Hour, Counts>{{kNoon, {.received = 4}}}));
    others[kNoon].owed = 0;
  }
  // One is nowhere: perhaps with another that has not said so yet.
  EXPECT_EQ(count(0).lines.at(0).state, LineState::open);
  EXPECT_EQ(count(0).missing, 0U);
  land("primary", 10);
  EXPECT_EQ(count(0).lines.at(0).state, LineState::closed);
  EXPECT_TRUE(keeper_->publish_now(30s));
  keeper_.reset();
}

TEST_F(KeeperTest, TheArchiveAddsUp) {
  ASSERT_TRUE(file_->add_to_archive("primary", kNoon, {{kNoon, {.landed = 3, .duplicate = 1}}}));
  ASSERT_TRUE(file_->add_to_archive("primary", kNoon + 1h, {{kNoon, {.landed = 4}}}));
  open_file();
  const auto archive = file_->archive("primary");
  ASSERT_TRUE(archive);
  EXPECT_EQ(archive->cutoff, kNoon + 1h);
  EXPECT_EQ(archive->hours.at(kNoon).landed, 7U);
  EXPECT_EQ(archive->hours.at(kNoon).duplicate, 1U);
  EXPECT_EQ(file_->instance(), "me");
  EXPECT_EQ(file_->since(), kNoon);
}

}  // namespace
}  // namespace twinshift::books
