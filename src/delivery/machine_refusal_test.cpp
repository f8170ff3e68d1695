// Refusals that come in company: several messages of one bad event, bad events without a good one beside them.
#include <numeric>

#include "delivery/machine_fixture.hpp"

namespace twinshift::delivery {
namespace {

using base::ErrorKind;
using namespace std::chrono_literals;
constexpr std::size_t kCopies = 12;  // more than rejected_rows_max
constexpr int kTimes = 15;           // the same

class RefusalTest : public MachineTest {
 protected:
  // What the backlog lends when the lane asks next; the write of it is refused as a whole, down to single rows.
  void refuse_from_backlog(const std::vector<Arrival>& arrivals) {
    for (int i = 0; i < 100 && !fetching(); ++i) {
      tick(1s);
      for (const Probe& probe : take<Probe>()) step([&](Step& s) { machine_->probed(probe.lane, {}, s); });
    }
    ASSERT_TRUE(fetching());
    answer_fetch(kSecondary, arrivals);
    while (take_write(kSecondary)) fail(kSecondary, ErrorKind::rejected);
  }
  // Messages of one event.
  std::vector<Arrival> copies() {
    std::vector<Arrival> all(kCopies, arrival());
    for (std::size_t i = 0; i < all.size(); ++i) all[i].receipt.id = static_cast<std::int64_t>(100 + i);
    return all;
  }
  static std::vector<std::size_t> rows_of_copies() {
    std::vector<std::size_t> rows(kCopies);
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    return rows;
  }
  // The primary takes another one of the same batch.
  void refuse_beside_a_good_one(const Arrival& bad) {
    step([&](Step& s) { machine_->received({arrival(), bad}, s); });
    const auto write = take_write(kPrimary);
    ASSERT_TRUE(write);
    commit(*write, {1});
  }
  [[nodiscard]] bool fetching() const {
    return std::ranges::any_of(actions_, [](const Action& each) { return std::holds_alternative<FetchBacklog>(each); });
  }
};

TEST_F(RefusalTest, SeveralMessagesOfOneEventAreOneRefusal) {
  boot();
  receive(1);
  step([&](Step& s) { machine_->received(copies(), s); });
  commit_next(kPrimary);
  commit(*take_write(kPrimary), rows_of_copies());
  EXPECT_FALSE(noted(NoteKind::table_refuses));
  EXPECT_FALSE(noted(NoteKind::breaker_opened));
}

TEST_F(RefusalTest, SeveralMessagesOfOneBadEventAreQuarantinedBesideAGoodOne) {
  boot();
  std::vector<Arrival> batch = copies();
  batch.push_back(arrival());
  step([&](Step& s) { machine_->received(batch, s); });
  commit(*take_write(kPrimary), rows_of_copies());
  EXPECT_EQ(answer_quarantine().size(), kCopies);
  EXPECT_FALSE(noted(NoteKind::table_refuses));
}

// Two bad events are all that the backlog holds, and they always come together: still they must not keep the target's
// breaker open for ever.
TEST_F(RefusalTest, BadEventsThatComeAloneBlameTheTableOnce) {
  boot();
  const std::vector<Arrival> bad{arrival(), arrival()};
  refuse_from_backlog(bad);
  EXPECT_TRUE(noted(NoteKind::table_refuses));
  EXPECT_TRUE(noted(NoteKind::breaker_opened));
  actions_.clear();
  refuse_from_backlog(bad);
  EXPECT_FALSE(noted(NoteKind::table_refuses));
  EXPECT_EQ(take<PutInQuarantine>().size(), 0U);  // nothing else was inserted yet
  // Other rows are taken meanwhile; alone, each of the two is believed.
  answer_fetch(kSecondary);
  receive(1);
  commit_next(kPrimary);
  commit_next(kSecondary);
  actions_.clear();
  refuse_from_backlog({bad[0]});
  EXPECT_EQ(answer_quarantine(), std::vector<std::int64_t>{bad[0].event->key});
}

TEST_F(RefusalTest, ABadEventThatIsSentAgainAndAgainIsOneRefusal) {
  boot();
  const Arrival bad = arrival();
  for (int i = 0; i < kTimes; ++i) {
    refuse_beside_a_good_one(bad);
    EXPECT_EQ(answer_quarantine().size(), 1U) << i;
  }
  EXPECT_FALSE(noted(NoteKind::table_refuses));
}

TEST_F(RefusalTest, ABadEventIsNoNewsWhileTheQuarantineIsSlow) {
  boot();
  const Arrival bad = arrival();
  for (int i = 0; i < kTimes; ++i) refuse_beside_a_good_one(bad);
  EXPECT_FALSE(noted(NoteKind::table_refuses));
  EXPECT_EQ(answer_quarantine().size(), std::size_t{kTimes});
}

// With a third target a message is in hand although one lane has settled it already.
TEST_F(RefusalTest, WhatWasParkedWhileItsWriteWasAwayIsNoLongerRefused) {
  LaneSetup third{.name = "third", .is_primary = false, .has_backlog = true};
  third.limits.park_after = 1h;
  setup_.lanes.push_back(third);
  boot();
  receive(2);
  commit_next(kPrimary);
  const auto slow = take_write(kSecondary);
  ASSERT_TRUE(slow);
  tick(1500ms);
  answer_parks(true);
  EXPECT_EQ(acknowledged(), 0U);
  commit(*slow, {1});
  EXPECT_TRUE(take<PutInQuarantine>().empty());
  commit_next(2);
  EXPECT_EQ(acknowledged(), 2U);
}

}  // namespace
}  // namespace twinshift::delivery
