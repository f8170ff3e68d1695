// Refusals that come in company: several messages of one bad event, bad events without a good one beside them.
#include "delivery/machine_fixture.hpp"

namespace twinshift::delivery {
namespace {

using base::ErrorKind;
using namespace std::chrono_literals;
constexpr LaneIndex kPrimary = 0;
constexpr LaneIndex kSecondary = 1;

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
  [[nodiscard]] bool fetching() const {
    return std::ranges::any_of(actions_, [](const Action& each) { return std::holds_alternative<FetchBacklog>(each); });
  }
};

TEST_F(RefusalTest, SeveralMessagesOfOneEventAreOneRefusal) {
  boot();
  receive(1);
  std::vector<Arrival> copies(12, arrival());
  for (std::size_t i = 0; i < copies.size(); ++i) copies[i].receipt.id = static_cast<std::int64_t>(100 + i);
  step([&](Step& s) { machine_->received(copies, s); });
  commit_next(kPrimary);
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < copies.size(); ++i) all.push_back(i);
  commit(*take_write(kPrimary), all);
  EXPECT_FALSE(noted(NoteKind::table_refuses));  // 12 rows, more than rejected_rows_max, but one event
  EXPECT_FALSE(noted(NoteKind::breaker_opened));
}

TEST_F(RefusalTest, SeveralMessagesOfOneBadEventAreQuarantinedBesideAGoodOne) {
  boot();
  std::vector<Arrival> copies(12, arrival());
  for (std::size_t i = 0; i < copies.size(); ++i) copies[i].receipt.id = static_cast<std::int64_t>(100 + i);
  copies.push_back(arrival());
  step([&](Step& s) { machine_->received(copies, s); });
  std::vector<std::size_t> bad;
  for (std::size_t i = 0; i < 12; ++i) bad.push_back(i);
  commit(*take_write(kPrimary), bad);
  EXPECT_EQ(answer_quarantine().size(), 12U);
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
  for (int i = 0; i < 15; ++i) {
    step([&](Step& s) { machine_->received({arrival(), bad}, s); });
    const auto write = take_write(kPrimary);
    ASSERT_TRUE(write) << i;
    commit(*write, {1});
    EXPECT_EQ(answer_quarantine().size(), 1U) << i;
  }
  EXPECT_FALSE(noted(NoteKind::table_refuses));
}

TEST_F(RefusalTest, ABadEventIsNoNewsWhileTheQuarantineIsSlow) {
  boot();
  const Arrival bad = arrival();
  for (int i = 0; i < 15; ++i) {
    step([&](Step& s) { machine_->received({arrival(), bad}, s); });
    const auto write = take_write(kPrimary);
    ASSERT_TRUE(write) << i;
    commit(*write, {1});
  }
  EXPECT_FALSE(noted(NoteKind::table_refuses));
  EXPECT_EQ(answer_quarantine().size(), 15U);
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
