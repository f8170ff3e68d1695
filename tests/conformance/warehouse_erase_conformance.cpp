// Events that a person had erased: their rows go, and no writer of any driver brings them back; the books still close.
#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/conformance/warehouse_suite.hpp"
#include "tests/support/wait_until.hpp"
#include "warehouse/load_sums.hpp"

namespace twinshift::warehouse {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr base::WallTime kArrival{hours(480'000)};
// Batches of a writer that does not stop while somebody erases.
constexpr int kBatchesMax = 60;

class WarehouseErase : public WarehouseSuite {
 protected:
  static EventPlace place_of(const event::EventPtr& event) { return {event->id, event->event_at}; }
  // Another message of the same event.
  static event::EventPtr once_more(const event::EventPtr& event, int number) {
    return event_of(event->json, kArrival + minutes(number));
  }
  std::uint64_t erase(const std::vector<event::EventPtr>& events) { return erase(*warehouse_, events); }
  static std::uint64_t erase(Warehouse& warehouse, const std::vector<event::EventPtr>& events) {
    std::vector<EventPlace> places;
    for (const event::EventPtr& event : events) places.push_back(place_of(event));
    const auto erased = warehouse.erase(places);
    EXPECT_TRUE(erased) << (erased ? "" : erased.error().text());
    return erased ? *erased : 999;
  }
};

TEST_P(WarehouseErase, RowsGoAndStayAway) {
  EXPECT_EQ(write("b1", {event_of(1), event_of(2), event_of(3)}), "www");
  EXPECT_EQ(erase({event_of(1), event_of(3), event_of(4)}), 2U);
  EXPECT_EQ(count(), "1");
  EXPECT_EQ(write("b2", {event_of(1), event_of(5), event_of(3), event_of(4), event_of(1), event_of(2)}), "dwdddd");
  EXPECT_EQ(count(), "2");
  EXPECT_EQ(erase({event_of(1)}), 0U) << "again";
  EXPECT_EQ(write("b3", {event_of(1)}), "d") << "nothing but what is erased";
  EXPECT_EQ(write("b4", {event_of(6)}), "w");
  EXPECT_EQ(count(), "3");
}

TEST_P(WarehouseErase, TheMessageThatLandedIsNoDuplicateAndOthersAre) {
  const auto event = event_of(1);
  write("b1", {event, once_more(event, 1)});
  EXPECT_EQ(sums(), "1 and 1");
  EXPECT_EQ(erase({event}), 1U);
  EXPECT_EQ(write("b2", {event}), "d") << "the queue delivered it once more";
  EXPECT_EQ(sums(), "1 and 1");
  EXPECT_EQ(write("b3", {once_more(event, 1), once_more(event, 2), event, once_more(event, 3)}), "dddd");
  EXPECT_EQ(write("b4", {once_more(event, 3), event_of(2)}), "dw");
  EXPECT_EQ(sums(), "2 and 3");
}

TEST_P(WarehouseErase, WhatWaitedElsewhereIsADuplicateWhenItComes) {
  const auto event = event_of(1);
  EXPECT_EQ(erase({event}), 0U);
  EXPECT_EQ(write("b1", {event}), "d");
  EXPECT_EQ(write("b1", {event}), "d");
  EXPECT_EQ(sums(), "0 and 1");
  EXPECT_EQ(write("b2", {once_more(event, 1), once_more(event, 2), event}), "ddd");
  EXPECT_EQ(sums(), "0 and 3");
}

// What makes a batch go another way (PostgreSQL's stage) has it leave out what is erased all the same.
TEST_P(WarehouseErase, BesideOrdinaryDuplicates) {
  write("b1", {event_of(1), event_of(2)});
  erase({event_of(1)});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(write("b" + std::to_string(i + 2), {event_of(2), event_of(1), event_of(10 + i)}), "ddw");
  }
  EXPECT_EQ(count(), "4");
}

TEST_P(WarehouseErase, AMendedBatchDoesNotBringItBack) {
  write("b1", {event_of(1), event_of(2)});
  erase({event_of(1)});
  const Batch batch{"mend-1", {event_of(1), event_of(2)}, {place_of(event_of(1)), place_of(event_of(2))}};
  const auto report = warehouse_->write(batch);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->outcomes, (std::vector{Outcome::duplicate, Outcome::written}));
  EXPECT_EQ(report->removed, 1U);
  EXPECT_EQ(count(), "1");
}

TEST_P(WarehouseErase, WhatSomebodyBroughtBackGoesAgain) {
  write("b1", {event_of(1)});
  ASSERT_TRUE(bed_->execute("CREATE TABLE kept AS SELECT * FROM " + bed_->table()));
  EXPECT_EQ(erase({event_of(1)}), 1U);
  ASSERT_TRUE(bed_->execute("INSERT INTO " + bed_->table() + " SELECT * FROM kept"));
  EXPECT_EQ(erase({event_of(1)}), 1U);
  EXPECT_EQ(count(), "0");
}

TEST_P(WarehouseErase, AHugeEventGoesWithItsParts) {
  const auto huge = event_of(R"({"event_time":"2024-01-01 12:00:00","event_value":")" + std::string(300'000, 'x') +
                             R"(","appsflyer_id":"h"})");
  write("b1", {huge});
  EXPECT_EQ(erase({huge}), 1U);
  EXPECT_EQ(write("b2", {huge}), "d");
  if (!std::string_view(GetParam().name).starts_with("redshift")) return;
  EXPECT_EQ(ask("SELECT count(*) FROM twinshift_parts"), "0");
}

TEST_P(WarehouseErase, AsManyAsMayBeNamedAtOnceAndAnOddTableName) {
  std::vector<event::EventPtr> events;
  for (int i = 0; i < static_cast<int>(kRemovedMax); ++i) events.push_back(event_of(i));
  write("b1", events);
  EXPECT_EQ(erase(events), kRemovedMax);
  EXPECT_EQ(write("b2", {events.front(), events.back()}), "dd");
  EXPECT_EQ(count(), "0");
}

// Whoever wants to write meanwhile waits behind us.
TEST_P(WarehouseErase, SomebodysLongTransactionIsNotWaitedFor) {
  if (GetParam().name != std::string_view("postgres")) return;
  write("b1", {event_of(1)});
  std::thread holder([this] {
    (void)bed_->execute("BEGIN; LOCK TABLE " + bed_->table() + " IN ROW EXCLUSIVE MODE; SELECT pg_sleep(60)");
  });
  const std::string holds =
      "FROM pg_locks WHERE mode = 'RowExclusiveLock' AND granted AND relation = '" + bed_->table() + "'::regclass";
  tests::wait_until([&] { return ask("SELECT count(*) " + holds) == "1"; });
  const EventPlace place = place_of(event_of(1));
  const auto refused = warehouse_->erase({&place, 1});
  EXPECT_EQ(ask("SELECT count(*) " + holds), "1") << "it still holds the table";
  ASSERT_TRUE(bed_->execute("SELECT pg_cancel_backend(pid) " + holds));
  holder.join();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::throttled) << refused.error().text();
  EXPECT_EQ(erase({event_of(1)}), 1U);
}

TEST_P(WarehouseErase, AnotherTablesErasuresAreNotOurs) {
  ASSERT_TRUE(warehouse_->prepare());
  ASSERT_TRUE(
      bed_->execute("INSERT INTO twinshift_erased (table_name, event_id, event_at, erased_at) VALUES ('other', '" +
                    event_of(1)->id.hex() + "', '2024-01-01 12:00:00', '2024-01-01 12:00:00')"));
  EXPECT_EQ(write("b1", {event_of(1)}), "w");
}

// A writer that knows of nothing while another process erases: from the moment that erase() returns, none comes.
TEST_P(WarehouseErase, AWriterInFullSwingIsWaitedForAndThenSeesIt) {
  // Each batch inserts, so that an erasure meets insertions under way.
  std::vector<event::EventPtr> events;
  for (int i = 1; i <= kBatchesMax; ++i) events.push_back(event_of(i));
  write("b0", {event_of(0)});
  const auto other = bed_->open();
  ASSERT_TRUE(other->prepare());
  std::atomic<bool> erased{false};
  std::atomic<int> batches{0};
  int after = 0;
  std::jthread writer([&] {
    // Some more behind the erasure: those that it could bring back by.
    for (std::size_t i = 0; i < events.size() && after < 2; ++i) {
      if (i + 2 >= events.size()) {
        while (!erased) std::this_thread::yield();
      }
      after += erased ? 1 : 0;
      const auto report = other->write(batch_of("w" + std::to_string(i), {events[i]}));
      EXPECT_TRUE(report) << (report ? "" : report.error().text());
      ++batches;
    }
  });
  while (batches < 2) std::this_thread::yield();
  erase(events);
  const std::string at_once = count();
  erased = true;
  writer.join();
  EXPECT_EQ(after, 2);
  EXPECT_EQ(at_once, "1");
  EXPECT_EQ(count(), "1");
}

INSTANTIATE_TEST_SUITE_P(Drivers, WarehouseErase, testing::ValuesIn(drivers_under_test()),
                         [](const auto& driver) { return std::string(driver.param.name); });

}  // namespace
}  // namespace twinshift::warehouse
