// What every warehouse driver promises: each event once, outcomes by order, markers, a table that fits itself to what
// is there, read-only queries, coming back after a failure.
#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/conformance/warehouse_suite.hpp"
#include "warehouse/markers.hpp"

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;

TEST_P(WarehouseSuite, WritesEachEventOnce) {
  ASSERT_TRUE(warehouse_->prepare());
  EXPECT_EQ(write("b1", {event_of(1), event_of(2), event_of(1), event_of(3)}), "wwdw");
  EXPECT_EQ(write("b2", {event_of(3), event_of(4)}), "dw");
  EXPECT_EQ(count(), "4");
}

TEST_P(WarehouseSuite, ConnectsByItselfAndPreparesTwice) {
  EXPECT_EQ(write("b1", {event_of(1)}), "w");
  EXPECT_TRUE(warehouse_->prepare());
  EXPECT_TRUE(warehouse_->prepare());
  EXPECT_TRUE(warehouse_->ping());
  EXPECT_TRUE(bed_->open()->prepare());
  EXPECT_EQ(write("b2", {event_of(1)}), "d");
}

TEST_P(WarehouseSuite, TwoWritersWriteEachEventOnce) {
  ASSERT_TRUE(warehouse_->prepare());
  constexpr int kBatches = 20;
  constexpr int kRows = 25;
  std::atomic<int> written = 0;
  const auto work = [&](const std::string& name) {
    const auto own = bed_->open();
    for (int b = 0; b < kBatches; ++b) {
      Batch batch{name + std::to_string(b), {}};
      for (int i = 0; i < kRows; ++i) batch.events.push_back(event_of(b * kRows + i));
      auto report = own->write(batch);
      ASSERT_TRUE(report) << report.error().text();
      written += static_cast<int>(std::ranges::count(report->outcomes, Outcome::written));
    }
  };
  std::thread other(work, "x");
  work("y");
  other.join();
  EXPECT_EQ(written, kBatches * kRows);
  EXPECT_EQ(count(), std::to_string(kBatches * kRows));
  EXPECT_EQ(ask("SELECT sum(inserted) FROM twinshift_loads"), count());
}

TEST_P(WarehouseSuite, EveryBatchLeavesItsMarker) {
  ASSERT_TRUE(warehouse_->prepare());
  auto none = warehouse_->find_marker("b1");
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
  write("b1", {event_of(1), event_of(2), event_of(2)});
  write("b2", {event_of(1)});  // nothing left to insert
  const auto first = warehouse_->find_marker("b1");
  const auto second = warehouse_->find_marker("b2");
  ASSERT_TRUE(first && *first && second && *second);
  EXPECT_EQ((*first)->sent, 3U);
  EXPECT_EQ((*first)->inserted, 2U);
  EXPECT_EQ((*first)->duplicate, 1U);
  EXPECT_EQ((*second)->inserted, 0U);
  EXPECT_EQ((*second)->duplicate, 1U);
  EXPECT_FALSE(*warehouse_->find_marker("b' OR 'a'='a"));
}

TEST_P(WarehouseSuite, MarkersTellWindowsArrivalsAndKeys) {
  using std::chrono::hours;
  const base::WallTime arrival{hours(480'000)};  // 2024-10-04 00:00:00
  std::vector<event::EventPtr> events;
  for (const char* time : {"2024-01-01 12:00:00", "2024-01-01 12:59:59.999", "2024-01-01 13:00:00"}) {
    for (const base::WallTime at : {arrival, arrival + hours(1)}) {
      events.push_back(
          event_of(std::string(R"({"event_time":")") + time + R"(","n":)" + std::to_string(events.size()) + "}", at));
    }
  }
  std::int64_t low = 0;
  std::int64_t high = 0;
  for (const auto& event : events) low += key_low(event->key), high += key_high(event->key);
  write("b1", events);
  EXPECT_EQ(ask("SELECT count(*) FROM twinshift_loads"), "4");
  EXPECT_EQ(ask("SELECT inserted FROM twinshift_loads WHERE window_at = '2024-01-01 12:00:00' AND "
                "arrival_at = '2024-10-04 01:00:00'"),
            "2");
  EXPECT_EQ(ask("SELECT sum(key_low_sum) FROM twinshift_loads"), std::to_string(low));
  EXPECT_EQ(ask("SELECT sum(key_high_sum) FROM twinshift_loads"), std::to_string(high));
  // The same from the rows themselves: what a digest is compared with.
  EXPECT_EQ(ask("SELECT sum(event_key % 2147483648) FROM " + bed_->table()), std::to_string(low));
  EXPECT_EQ(ask("SELECT sum(event_key / 2147483648) FROM " + bed_->table()), std::to_string(high));
}

TEST_P(WarehouseSuite, OwnColumnsComeFromTheMessage) {
  const auto event = event_of(R"({"event_time":"2024-01-01 12:00:00.123","event_id":"forged","extra":7})");
  write("b1", {event});
  const std::string from = " FROM " + bed_->table();
  EXPECT_EQ(ask("SELECT event_id" + from), event->id.hex());
  EXPECT_EQ(ask("SELECT event_key" + from), std::to_string(event->key));
  EXPECT_EQ(ask("SELECT event_at" + from), "2024-01-01 12:00:00.123");
  EXPECT_EQ(ask("SELECT received_at" + from), "2024-10-04 00:00:00");
  EXPECT_EQ(ask("SELECT count(*)" + from + " WHERE created_at = received_at AND updated_at = received_at"), "1");
  EXPECT_EQ(decoded_ids(), std::vector{event->id.hex()});
}

TEST_P(WarehouseSuite, CompletesATableAndKeepsForeignColumns) {
  ASSERT_TRUE(bed_->execute("CREATE TABLE " + bed_->table() +
                            " (mine TEXT DEFAULT 'kept', event_name TEXT);"
                            "INSERT INTO " +
                            bed_->table() + " (mine, event_name) VALUES ('old', 'before')"));
  ASSERT_TRUE(warehouse_->prepare());
  EXPECT_EQ(write("b1", {event_of(R"({"event_name":"x","campaign":"y","mine":"not this one"})")}), "w");
  const std::string from = " FROM " + bed_->table() + " WHERE event_name = ";
  EXPECT_EQ(ask("SELECT mine" + from + "'x'"), "kept");
  EXPECT_EQ(ask("SELECT campaign" + from + "'x'"), "y");
  EXPECT_EQ(ask("SELECT mine" + from + "'before'"), "old");
  EXPECT_EQ(ask("SELECT event_id" + from + "'before'"), "NULL");
}

TEST_P(WarehouseSuite, OneRefusedRowLeavesItsNeighbours) {
  if (std::string_view(GetParam().name).starts_with("redshift")) GTEST_SKIP() << "Redshift has no CHECK";
  ASSERT_TRUE(bed_->execute("CREATE TABLE " + bed_->table() + " (event_name TEXT CHECK (event_name <> 'bad'))"));
  std::string reason;
  EXPECT_EQ(write_around("b", {event_of(1), event_of(R"({"event_name":"bad"})"), event_of(2)}, reason), "wrw");
  EXPECT_NE(reason.find("event_name"), std::string::npos) << reason;
  EXPECT_EQ(count(), "2");
  EXPECT_EQ(ask("SELECT sum(inserted) FROM twinshift_loads"), "2");
}

TEST_P(WarehouseSuite, QueriesChangeNothing) {
  write("b1", {event_of(1)});
  const std::string table = bed_->table();
  for (const std::string& sql :
       {"INSERT INTO " + table + " (event_id) VALUES ('x')", "UPDATE " + table + " SET event_id = 'x'",
        "DELETE FROM " + table, "DROP TABLE " + table, std::string("CREATE TABLE t (x INTEGER)"),
        std::string("ATTACH DATABASE 'x' AS y"), std::string("BEGIN"), std::string("SELECT 1; SELECT 2"),
        "SELECT 1; DELETE FROM " + table, std::string(""), std::string("SELECT"), std::string("PRAGMA user_version=3"),
        std::string("PRAGMA journal_mode=DELETE"), std::string("VACUUM"), std::string("VACUUM INTO 'x'"),
        std::string("SELECT 1\0; SELECT 2", 19)}) {
    const auto answer = warehouse_->query(sql, 10);
    ASSERT_FALSE(answer) << sql;
    EXPECT_EQ(answer.error().kind, ErrorKind::invalid) << sql << ": " << answer.error().text();
  }
  EXPECT_EQ(count(), "1");
  EXPECT_EQ(ask("SELECT 5 ; -- and a word\n"), "5");
}

TEST_P(WarehouseSuite, QueriesAreBounded) {
  write("b1", {event_of(1), event_of(2), event_of(3)});
  const auto cut = warehouse_->query("SELECT event_id, NULL AS none FROM " + bed_->table(), 2);
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->columns, (std::vector<std::string>{"event_id", "none"}));
  EXPECT_EQ(cut->rows.size(), 2U);
  EXPECT_FALSE(cut->rows[0][1].has_value());
  EXPECT_TRUE(cut->cut);
  EXPECT_FALSE(warehouse_->query("SELECT event_id FROM " + bed_->table(), 3)->cut);
}

TEST_P(WarehouseSuite, ComesBackWhenTheDatabaseDoes) {
  EXPECT_EQ(write("b1", {event_of(1)}), "w");
  bed_->take_away();
  for (int again = 0; again < 2; ++again) {
    const auto report = warehouse_->write(batch_of("b2", {event_of(2)}));
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().kind, ErrorKind::unavailable) << report.error().text();
    EXPECT_FALSE(warehouse_->ping());
    EXPECT_FALSE(warehouse_->find_marker("b1"));
  }
  bed_->bring_back();
  EXPECT_TRUE(warehouse_->ping());
  EXPECT_EQ(write("b2", {event_of(1), event_of(2)}), "dw");
  EXPECT_EQ(count(), "2");
  EXPECT_EQ((*warehouse_->find_marker("b1"))->inserted, 1U);
}

INSTANTIATE_TEST_SUITE_P(Drivers, WarehouseSuite, testing::ValuesIn(drivers_under_test()),
                         [](const auto& driver) { return std::string(driver.param.name); });

}  // namespace
}  // namespace twinshift::warehouse
