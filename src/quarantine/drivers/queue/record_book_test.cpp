// Refusals become records; numbers, counts and removals by them.
#include "quarantine/drivers/queue/record_book.hpp"

#include <chrono>
#include <limits>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quarantine/drivers/queue/refusal_numbers.hpp"
#include "quarantine/drivers/queue/removal.hpp"
#include "quarantine/drivers/queue/tally.hpp"

namespace twinshift::quarantine {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

Record refusal(std::int64_t number, std::string event_id, std::uint64_t tries = 1, std::string target = "primary") {
  Record record;
  record.id = number;
  record.target = std::move(target);
  record.event_id = std::move(event_id);
  record.message_id = "m" + std::to_string(number);
  record.column = "c" + std::to_string(number);
  record.tries = tries;
  return record;
}

TEST(RecordBook, MergesTheRefusalsOfOneEventInAnyOrder) {
  std::vector<std::int64_t> order = {10, 20, 30};
  do {
    RecordBook book(1'000);
    for (const std::int64_t number : order) {
      book.add(refusal(number, "a", static_cast<std::uint64_t>(number)), "json" + std::to_string(number));
    }
    const auto entries = book.take();
    ASSERT_THAT(entries, SizeIs(1));
    const Record& record = entries[0].record;
    EXPECT_EQ(record.id, 10);
    EXPECT_EQ(record.message_id, "m10") << "the event stays as it was first received";
    EXPECT_EQ(record.json, "json10");
    EXPECT_EQ(record.column, "c30") << "the reason is the last one";
    EXPECT_EQ(record.tries, 60U);
    EXPECT_THAT(entries[0].numbers, ElementsAre(10, 20, 30));
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(RecordBook, TellsTheMessagesOfOneEventApartInAnyOrder) {
  // Numbers 10 and 30 are refusals of one message, 20 and 40 of another.
  std::vector<std::int64_t> order = {10, 20, 30, 40};
  do {
    RecordBook book(1'000);
    for (const std::int64_t number : order) {
      Record one = refusal(number, "a");
      one.received_at = base::WallTime(number % 20 == 0 ? 1h : 2h);
      one.message_id = number % 20 == 0 ? "other" : "own";
      book.add(std::move(one), "{}");
    }
    const auto entries = book.take();
    ASSERT_THAT(entries, SizeIs(1));
    EXPECT_EQ(entries[0].record.received_at, base::WallTime(2h)) << "the first refusal's, not the earliest";
    EXPECT_THAT(entries[0].record.further_arrivals, ElementsAre(Arrival{base::WallTime(1h), "other"}));
    EXPECT_EQ(entries[0].record.message_id, "own");
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(RecordBook, CountsARefusalThatIsDeliveredTwiceOnce) {
  RecordBook book(1'000);
  for (const std::int64_t number : {10, 20, 10, 20}) book.add(refusal(number, "a", 2), "x");
  const auto entries = book.take();
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].record.tries, 4U);
}

TEST(RecordBook, TellsEventsAndTargetsApart) {
  RecordBook book(1'000);
  book.add(refusal(30, "a"), "");
  book.add(refusal(20, "b"), "");
  book.add(refusal(10, "a", 1, "secondary"), "");
  const auto entries = book.take();
  ASSERT_THAT(entries, SizeIs(3));
  EXPECT_EQ(entries[0].record.target, "secondary");
  EXPECT_EQ(entries[1].record.event_id, "b");
  EXPECT_EQ(entries[2].record.id, 30);
  EXPECT_TRUE(entries[0].record.both_sides);
  EXPECT_FALSE(entries[1].record.both_sides);
  EXPECT_TRUE(entries[2].record.both_sides);
}

TEST(RecordBook, LeavesOutEventsBeyondItsBytes) {
  RecordBook book(10);
  book.add(refusal(10, "a"), std::string(6, 'x'));
  book.add(refusal(20, "b"), std::string(5, 'x'));
  book.add(refusal(30, "c"), std::string(4, 'x'));
  book.add(refusal(5, "a"), std::string(1, 'y'));  // takes the place of six
  book.add(refusal(40, "d"), std::string(5, 'x'));
  book.add(refusal(50, "e"), "");
  std::vector<std::string> kept;
  for (const Entry& entry : book.take()) {
    if (entry.has_json) kept.push_back(entry.record.json);
  }
  EXPECT_THAT(kept, ElementsAre("y", "xxxx", "xxxxx", ""));
}

TEST(RefusalNumbers, GrowAlsoWhereTheClockStandsOrIsSetBack) {
  RefusalNumbers numbers(1);
  std::int64_t last = 0;
  for (const std::int64_t us : {-5L, 0L, 0L, 1'704'110'400'000'000L, 1'704'110'400'000'000L, 7L,
                                std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::max()}) {
    const std::int64_t next = numbers.next(base::WallTime(std::chrono::microseconds(us)));
    EXPECT_GT(next, last) << us;
    last = next;
  }
}

TEST(RefusalNumbers, OfTwoInstancesStandInTheOrderOfTime) {
  RefusalNumbers one(1);
  RefusalNumbers other(2);
  const base::WallTime now(1'704'110'400s);
  EXPECT_LT(one.next(now), other.next(now + 1us));
  EXPECT_LT(other.next(now + 2us), one.next(now + 3us));
  EXPECT_NE(RefusalNumbers(1).next(now), RefusalNumbers(2).next(now)) << "in the same microsecond, by the random bits";
}

std::vector<Entry> entries_of(const std::vector<Record>& refusals) {
  RecordBook book(0);
  for (const Record& each : refusals) book.add(each, "");
  return book.take();
}

TEST(Removal, TakesWhatStillIsAsItWasRead) {
  const auto entries = entries_of({refusal(10, "a"), refusal(20, "b", 2), refusal(30, "c"), refusal(40, "a", 2)});
  std::vector<bool> taken(entries.size());
  EXPECT_EQ(take_records(entries, {{10, 1}, {20, 2}, {20, 2}, {25, 1}, {30, 2}, {50, 1}}, taken), 1U);
  EXPECT_THAT(taken, ElementsAre(false, true, false));
  EXPECT_EQ(take_records(entries, {{20, 2}, {30, 1}, {10, 3}}, taken), 2U) << "another call's are not counted twice";
  EXPECT_THAT(taken, ElementsAre(true, true, true));
}

TEST(Tally, CountsRecordsAndNotRefusals) {
  Tally tally;
  EXPECT_THAT(tally.counts(), IsEmpty());
  for (const char* event : {"a", "b", "a"}) tally.kept("primary", event);
  tally.kept("secondary", "a");
  EXPECT_THAT(tally.counts(), ElementsAre(Pair("primary", 2), Pair("secondary", 1)));
}

TEST(Tally, TakesTheSweepsWordAndWhatWasKeptMeanwhile) {
  Tally tally;
  tally.kept("primary", "gone");
  tally.sweep_begins();
  tally.kept("primary", "seen");
  tally.kept("primary", "unseen");
  tally.sweep_ends({{"primary", "seen"}, {"secondary", "old"}});
  EXPECT_THAT(tally.counts(), ElementsAre(Pair("primary", 2), Pair("secondary", 1)));
  tally.sweep_begins();
  tally.sweep_failed();
  EXPECT_THAT(tally.counts(), ElementsAre(Pair("primary", 2), Pair("secondary", 1)));
  tally.sweep_begins();
  tally.sweep_ends({});
  EXPECT_THAT(tally.counts(), IsEmpty());
}

TEST(Tally, GoesOnCountingBeyondWhatItKnowsOneByOne) {
  Tally tally;
  for (std::size_t i = 0; i < kTalliedMax + 3; ++i) tally.kept("primary", std::to_string(i));
  EXPECT_THAT(tally.counts(), ElementsAre(Pair("primary", kTalliedMax + 3)));
}

}  // namespace
}  // namespace twinshift::quarantine
