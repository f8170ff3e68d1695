#include "proof/repairer.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>

#include <gmock/gmock.h>

#include "proof/repairer_fixture.hpp"

namespace twinshift::proof {
namespace {

using base::ErrorKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST_F(RepairerTest, WhatOneSideLacksIsCopiedFromTheOtherAsItArrivedThere) {
  fill(50);
  loses(world.secondary, 3);
  loses(world.primary, 4);
  ASSERT_TRUE(repair());
  EXPECT_EQ(receipts[0].copied, 1U);
  EXPECT_EQ(receipts[1].copied, 1U);
  EXPECT_EQ(row(world.secondary, 3).received_at, event_of(3)->received_at);
  ASSERT_TRUE(repair());
  EXPECT_THAT(findings, IsEmpty());
  EXPECT_FALSE(receipts[0].changed() || receipts[1].changed());
}

TEST_F(RepairerTest, OfSeveralCopiesTheSoundOneStays) {
  fill(20);
  StoredEvent copy = row(world.secondary, 5);
  row(world.secondary, 5).text = event_of(5, "changed")->json;
  world.secondary.rows_there.push_back(copy);
  world.secondary.rows_there.push_back(copy);
  ASSERT_TRUE(repair());
  EXPECT_EQ(receipts[1].replaced, 1U);
  EXPECT_EQ(receipts[1].surplus, 2U);
  EXPECT_EQ(ids(world.secondary), ids(world.primary));
  EXPECT_EQ(world.secondary.rows_there.size(), 20U);
}

TEST_F(RepairerTest, AChangedRowIsReplacedByTheOtherSidesAndItsOwnColumnsByItself) {
  fill(20);
  row(world.secondary, 5).text = event_of(5, "changed")->json;
  row(world.primary, 6).key = 77;
  row(world.secondary, 7).event_at = *row(world.secondary, 7).event_at + std::chrono::hours(3);
  ASSERT_TRUE(repair());
  EXPECT_EQ(receipts[0].replaced, 1U);
  EXPECT_EQ(receipts[1].replaced, 2U);
  ASSERT_TRUE(compare(nullptr));
  EXPECT_THAT(findings, IsEmpty());
}

TEST_F(RepairerTest, WhereNoCopyTellsTheEventAllAreLeftAndNamed) {
  fill(20);
  row(world.primary, 5).text = event_of(5, "one")->json;
  row(world.secondary, 5).text = event_of(5, "other")->json;
  const auto before = world.primary.rows_there.size();
  ASSERT_TRUE(repair());
  const std::string id = event_of(5)->id.hex();
  EXPECT_THAT(left, UnorderedElementsAre("primary " + id + " no row of it tells the event that its id names",
                                         "secondary " + id + " no row of it tells the event that its id names"));
  EXPECT_EQ(world.primary.rows_there.size(), before);
  EXPECT_EQ(row(world.primary, 5).text, event_of(5, "one")->json);
}

// A rebuild compares twice with one Repairer.
TEST_F(RepairerTest, WhatIsLeftAgainByALaterComparisonCountsOnce) {
  fill(20);
  row(world.primary, 5).text = event_of(5, "changed")->json;
  loses(world.secondary, 5);
  Repairer repairer(
      {.mender = &world,
       .targets = {"primary", "secondary"},
       .left = [this](const std::string& target, const LeftEvent& each) { left.push_back(target + ' ' + each.id); }});
  const std::string id = event_of(5)->id.hex();
  EXPECT_FALSE(repairer.has_left("secondary", id));
  ASSERT_TRUE(compare(&repairer, true));
  ASSERT_TRUE(compare(&repairer, true));
  EXPECT_THAT(left, ElementsAre("secondary " + id));
  EXPECT_EQ(repairer.receipt(1).left, 1U);
  EXPECT_TRUE(repairer.has_left("secondary", id));
  EXPECT_FALSE(repairer.has_left("primary", id));
}

TEST_F(RepairerTest, WhatIsOwedByTheTimeOfTheWriteIsLeftAndNamed) {
  fill(10);
  loses(world.secondary, 5);
  world.all_owed = true;
  ASSERT_TRUE(repair());
  EXPECT_THAT(
      left, ElementsAre("secondary " + event_of(5)->id.hex() + " it is owed to the target by now and lands by itself"));
  EXPECT_EQ(receipts[1].copied, 0U);
  EXPECT_EQ(receipts[1].batches, 0U);
  EXPECT_EQ(world.secondary.rows_there.size(), 9U);
}

TEST_F(RepairerTest, WhatHasNoTimeIsTouchedInNoSpan) {
  Repairer repairer({.mender = &world, .targets = {"primary", "secondary"}, .left = {}});
  ASSERT_TRUE(repairer.take({.kind = FindingKind::changed,
                             .target = "primary",
                             .id = event_of(1)->id.hex(),
                             .timeless = true,
                             .column = {},
                             .content_id = {},
                             .hopeless = LeftWhy::timeless}));
  EXPECT_FALSE(repairer.touched());
  EXPECT_TRUE(repairer.touched_timeless());
  EXPECT_TRUE(repairer.finish());
}

TEST_F(RepairerTest, ARowOfAnotherContentIsNotCopied) {
  fill(10);
  loses(world.secondary, 5);
  row(world.primary, 5).text = event_of(5, "changed")->json;
  ASSERT_TRUE(repair());
  EXPECT_EQ(receipts[1].copied, 0U);
  EXPECT_EQ(world.secondary.rows_there.size(), 9U);
  EXPECT_THAT(left, ::testing::SizeIs(2));  // nor can it be replaced where it stands
}

TEST_F(RepairerTest, ARenamedRowGetsItsIdBackAndNothingIsLost) {
  fill(10);
  row(world.secondary, 5).id = event_of(999)->id.hex();  // the name of an event that stands nowhere
  ASSERT_TRUE(repair());
  EXPECT_EQ(ids(world.secondary), ids(world.primary));
  ASSERT_TRUE(repair());
  EXPECT_THAT(findings, IsEmpty());
}

TEST_F(RepairerTest, QuarantinedAndUndecidedEventsAreNotCopied) {
  fill(10);
  loses(world.secondary, 5);
  loses(world.secondary, 6);
  debts.quarantined_ids["secondary"].insert(event_of(5)->id.hex());
  debts.otherwise = Owing::unknown;
  ASSERT_TRUE(repair());
  EXPECT_THAT(findings, ::testing::SizeIs(2));
  EXPECT_EQ(world.orders, 0);
}

TEST_F(RepairerTest, AnEmptyTableIsFilledInBatchesAndWithoutASecondLook) {
  fill(12'000);
  world.secondary.rows_there.clear();
  world.rows_max = 700;
  const auto begin = world.clock.steady();
  ASSERT_TRUE(repair(true));
  EXPECT_EQ(world.clock.steady(), begin);  // nobody has waited
  EXPECT_EQ(receipts[1].copied, 12'000U);
  EXPECT_LE(world.secondary.batch_max, 700U);
  EXPECT_EQ(ids(world.secondary), ids(world.primary));
}

TEST_F(RepairerTest, WhatIsCopiedIsReadOverTwoConnectionsAtATime) {
  fill(300);
  world.secondary.rows_there.clear();
  std::atomic<int> read_beside = 0;
  world.before_reading_beside = [&]() -> std::optional<base::Error> {
    ++read_beside;
    return std::nullopt;
  };
  ASSERT_TRUE(repair(true));
  EXPECT_EQ(ids(world.secondary), ids(world.primary));
  EXPECT_EQ(receipts[1].copied, 300U);
  EXPECT_GT(read_beside, 0);
}

TEST_F(RepairerTest, AConnectionThatDiesWhileTheOtherReadsEndsItAndWhatIsWrittenIsTold) {
  fill(300);
  world.secondary.rows_there.clear();
  world.before_reading_beside = []() -> std::optional<base::Error> {
    return base::Error{base::ErrorKind::unavailable, "gone", "primary", ""};
  };
  const auto done = repair(true);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "gone");
  EXPECT_EQ(receipts[1].copied, world.secondary.rows_there.size());
  world.before_reading_beside = {};
  ASSERT_TRUE(repair(true));
  EXPECT_EQ(ids(world.secondary), ids(world.primary));
}

TEST_F(RepairerTest, WhatIsOwedIsNotCopiedWithoutASecondLookEither) {
  fill(100);
  loses(world.secondary, 5);
  loses(world.secondary, 6);
  debts.owed_rows["secondary"].push_back(
      {.id = event_of(5)->id.hex(), .key = event_of(5)->key, .event_at = event_of(5)->event_at});
  ASSERT_TRUE(repair(true));
  EXPECT_EQ(receipts[1].copied, 1U);
  EXPECT_EQ(world.secondary.rows_there.size(), 99U);
}

TEST_F(RepairerTest, ATargetThatDiesPartWayEndsItAndTheNextRunGoesOn) {
  fill(3'000);
  world.secondary.rows_there.clear();
  world.secondary.before_write = [&](const warehouse::Batch&) -> std::optional<base::Error> {
    if (world.secondary.writes < 7) return std::nullopt;
    return base::Error{ErrorKind::unavailable, "gone", "secondary", ""};
  };
  const auto failed = repair();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(receipts[1].copied, world.secondary.rows_there.size());
  EXPECT_GT(receipts[1].copied, 0U);
  world.secondary.before_write = nullptr;
  ASSERT_TRUE(repair());
  EXPECT_EQ(ids(world.secondary), ids(world.primary));
}

TEST_F(RepairerTest, ARefusedEventHoldsUpNoneOfItsNeighbours) {
  fill(300);
  world.secondary.rows_there.clear();
  const std::string bad = event_of(123)->id.hex();
  world.secondary.before_write = [&](const warehouse::Batch& batch) -> std::optional<base::Error> {
    const auto is_bad = [&](const event::EventPtr& event) { return event->id.hex() == bad; };
    if (std::ranges::none_of(batch.events, is_bad)) return std::nullopt;
    return base::Error{ErrorKind::rejected, "value too long, column campaign [22001]", "secondary", ""};
  };
  ASSERT_TRUE(repair());
  EXPECT_EQ(receipts[1].copied, 299U);
  EXPECT_THAT(left, ElementsAre("secondary " + bad + " the target refuses it"));
}

// A right that is missing, or a lock: it is not the events that are at fault.
TEST_F(RepairerTest, AConflictWhileRowsAreReplacedEndsItAndBlamesNoEvent) {
  fill(20);
  for (const int number : {3, 4, 5}) row(world.secondary, number).text = event_of(number, "changed")->json;
  world.secondary.before_write = [](const warehouse::Batch&) {
    return std::optional(base::Error{ErrorKind::conflict, "may not delete", "secondary", "GRANT DELETE"});
  };
  const auto failed = repair();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().hint, "GRANT DELETE");
  EXPECT_THAT(left, IsEmpty());
}

TEST_F(RepairerTest, ATableThatRefusesEverythingEndsIt) {
  fill(300);
  world.secondary.rows_there.clear();
  world.secondary.before_write = [](const warehouse::Batch&) {
    return std::optional(base::Error{ErrorKind::rejected, "no [23514]", "secondary", ""});
  };
  EXPECT_FALSE(repair());
}

TEST_F(RepairerTest, AnOrderThatIsNotDoneInItsTimeIsGivenAgain) {
  fill(1'000);
  world.secondary.rows_there.clear();
  world.order_max = std::chrono::seconds(60);
  world.secondary.before_write = [&](const warehouse::Batch&) -> std::optional<base::Error> {
    world.clock.advance(std::chrono::seconds(30));
    return std::nullopt;
  };
  ASSERT_TRUE(repair());
  EXPECT_GE(world.orders, 3);
  EXPECT_EQ(ids(world.secondary), ids(world.primary));
  world.secondary.rows_there.clear();
  world.order_max = std::chrono::seconds(0);
  const auto failed = repair();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::timed_out);
}

// Any mixture of deletes, doubles and updates on both sides: afterwards both are equal, every event that stood anywhere
// in a sound row stands on both sides once, and a second run changes nothing.
TEST_F(RepairerTest, AfterRandomCorruptionBothAreEqualAndNothingIsLost) {
  for (std::uint32_t seed = 1; seed <= 8; ++seed) {
    std::mt19937 random(seed);
    world.primary.rows_there.clear();
    world.secondary.rows_there.clear();
    fill(2'000);
    for (int i = 0; i < 300; ++i) {
      FakeTable& table = random() % 2 == 0 ? world.primary : world.secondary;
      const auto at = static_cast<std::ptrdiff_t>(random() % table.rows_there.size());
      StoredEvent& picked = table.rows_there[static_cast<std::size_t>(at)];
      switch (random() % 6) {
        case 0:
          table.rows_there.erase(table.rows_there.begin() + at);
          break;
        case 1:
          table.rows_there.push_back(StoredEvent(picked));
          break;
        case 2:
          picked.key = *picked.key + 1;
          break;
        case 3:
          picked.event_at = *picked.event_at + std::chrono::hours(1 + random() % 5);
          break;
        case 4:
          picked.text = R"({"campaign":"changed"})";
          break;
        default:
          picked.text.reset();
      }
    }
    std::set<std::string> anywhere;
    for (const FakeTable* table : {&world.primary, &world.secondary}) {
      for (const std::string& id : ids(*table)) anywhere.insert(id);
    }
    // A row that stood at two wrong places may take a second look.
    for (int run = 0; run < 3; ++run) ASSERT_TRUE(repair()) << "seed " << seed;
    EXPECT_FALSE(receipts[0].changed() || receipts[1].changed()) << "seed " << seed;
    for (const FakeTable* table : {&world.primary, &world.secondary}) {
      EXPECT_THAT(difference(ids(*table), {anywhere.begin(), anywhere.end()}), IsEmpty())
          << table->name() << ", seed " << seed;
    }
  }
}

// Carries out one order at a time, when it is told to.
class WaitingMender final : public Mender {
 public:
  MendReport mend(const MendOrder& order) override {
    const std::size_t places = order.places.size();
    std::unique_lock lock(mutex_);
    orders_.push_back(places);
    changed_.notify_all();
    changed_.wait(lock, [this] { return goes_on_; });
    return {.done = places, .copied = places};
  }
  [[nodiscard]] std::size_t order_max(MendKind) const override { return kCopiedHereMax; }
  void wait_for_an_order() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !orders_.empty(); });
  }
  void go_on() {
    const std::lock_guard lock(mutex_);
    goes_on_ = true;
    changed_.notify_all();
  }
  std::vector<std::size_t> orders() {
    const std::lock_guard lock(mutex_);
    return orders_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::size_t> orders_;
  bool goes_on_ = false;
};

TEST(RepairerOrdersTest, WhileAnOrderIsUnderWayTheNextOneGrows) {
  WaitingMender mender;
  Repairer repairer({.mender = &mender, .targets = {"primary", "secondary"}, .left = {}});
  std::size_t given = 0;
  const auto give = [&](std::size_t findings) {
    for (std::size_t i = 0; i < findings; ++i) {
      const std::string id = fmt::format("{:032x}", ++given);
      ASSERT_TRUE(repairer.take({.kind = FindingKind::missing,
                                 .target = "secondary",
                                 .id = id,
                                 .event_at = kArrival,
                                 .column = {},
                                 .content_id = {}}));
    }
  };
  give(kCopiedMax);
  mender.wait_for_an_order();
  give(2 * kCopiedMax + 1);
  EXPECT_THAT(mender.orders(), ElementsAre(kCopiedMax));
  mender.go_on();
  ASSERT_TRUE(repairer.finish());
  EXPECT_THAT(mender.orders(), ElementsAre(kCopiedMax, 2 * kCopiedMax + 1));
  EXPECT_EQ(repairer.receipt(1).copied, given);
}

}  // namespace
}  // namespace twinshift::proof
