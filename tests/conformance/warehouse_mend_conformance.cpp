// Rows that go before a batch writes (Batch::remove), as a repair does it: doubled, changed, surplus ones, in every
// driver; and the books, which do not count what mended a table.
#include <algorithm>

#include <gmock/gmock.h>

#include "base/time_text.hpp"
#include "event/row.hpp"
#include "tests/conformance/warehouse_suite.hpp"
#include "warehouse/load_sums.hpp"

namespace twinshift::warehouse {
namespace {

using std::chrono::hours;

constexpr base::WallTime kArrival{hours(480'000)};

class WarehouseMend : public WarehouseSuite {
 protected:
  static EventPlace place_of(const event::EventPtr& event) { return {event->id, event->event_at}; }
  static Batch mending(std::string id, std::vector<event::EventPtr> events, std::vector<EventPlace> remove) {
    return {std::string(kMendingPrefix) + std::move(id), std::move(events), std::move(remove)};
  }
  // Rows removed and written; a batch that must succeed.
  std::string mend(const Batch& batch) {
    const auto report = warehouse_->write(batch);
    EXPECT_TRUE(report) << (report ? "" : report.error().text());
    if (!report) return "";
    return std::to_string(report->removed) + " removed, " +
           std::to_string(std::ranges::count(report->outcomes, Outcome::written)) + " written";
  }
  [[nodiscard]] std::string where(const event::EventPtr& event) const {
    return bed_->table() + " WHERE event_id = '" + event->id.hex() + "'";
  }
  std::string parts_there() { return has_parts() ? ask("SELECT count(*) FROM twinshift_parts") : "0"; }
  [[nodiscard]] bool has_parts() const { return std::string_view(GetParam().name).starts_with("redshift"); }
};

TEST_P(WarehouseMend, ARowThatWasChangedIsWrittenAnew) {
  const auto event = event_of(1);
  write("b1", {event, event_of(2)});
  ASSERT_TRUE(bed_->execute("UPDATE " + bed_->table() + " SET appsflyer_id = 'other' WHERE event_id = '" +
                            event->id.hex() + "'"));
  EXPECT_EQ(mend(mending("1", {event}, {place_of(event)})), "1 removed, 1 written");
  EXPECT_EQ(ask("SELECT appsflyer_id FROM " + where(event)), "a1");
  EXPECT_EQ(count(), "2");
}

TEST_P(WarehouseMend, ADoubledRowStandsOnceAfterwards) {
  if (!has_parts()) GTEST_SKIP() << "its table keeps event_id unique";
  const auto event = event_of(1);
  write("b1", {event, event_of(2)});
  ASSERT_TRUE(bed_->execute("INSERT INTO " + bed_->table() + " SELECT * FROM " + where(event)));
  ASSERT_EQ(count(), "3");
  EXPECT_EQ(mend(mending("1", {event}, {place_of(event)})), "2 removed, 1 written");
  EXPECT_EQ(count(), "2");
}

TEST_P(WarehouseMend, AHugeEventIsReplacedWithItsParts) {
  const auto huge = event_of(R"({"event_time":"2024-01-01 12:00:00","event_value":")" + std::string(300'000, 'x') +
                             R"(","appsflyer_id":"h"})");
  write("b1", {huge, event_of(2)});
  const std::string parts = parts_there();
  EXPECT_EQ(parts == "0", !has_parts());
  EXPECT_EQ(mend(mending("1", {huge}, {place_of(huge)})), "1 removed, 1 written");
  EXPECT_EQ(decoded_ids().size(), 2U);
  EXPECT_THAT(decoded_ids(), testing::Contains(huge->id.hex()));
  EXPECT_EQ(parts_there(), parts);
  EXPECT_EQ(mend(mending("2", {}, {place_of(huge)})), "1 removed, 0 written");
  EXPECT_EQ(parts_there(), "0");
}

TEST_P(WarehouseMend, RemovalAloneLeavesNoMarkerAndMayBeDoneAgain) {
  const auto event = event_of(1);
  write("b1", {event, event_of(2), event_of(3)});
  const Batch alone = mending("1", {}, {place_of(event), place_of(event_of(3)), place_of(event_of(4))});
  EXPECT_EQ(mend(alone), "2 removed, 0 written");
  EXPECT_EQ(mend(alone), "0 removed, 0 written");
  const auto marker = warehouse_->find_marker(alone.id);
  ASSERT_TRUE(marker) << marker.error().text();
  EXPECT_FALSE(*marker);
  EXPECT_EQ(count(), "1");
  EXPECT_EQ(mend(mending("2", {}, {})), "0 removed, 0 written");
}

TEST_P(WarehouseMend, ARowAtAnotherTimeStays) {
  const auto event = event_of(1);
  write("b1", {event});
  EXPECT_EQ(mend(mending("1", {}, {{event->id, event->event_at + std::chrono::seconds(2)}})), "0 removed, 0 written");
  EXPECT_EQ(mend(mending("2", {}, {{event->id, event->event_at + std::chrono::seconds(1)}})), "1 removed, 0 written");
}

// The times of a batch's rows lie close together: each id is held against its own.
TEST_P(WarehouseMend, AnotherEventsTimeTakesNoRow) {
  const auto one = event_of(R"({"event_time":"2024-01-01 12:00:00","n":1})");
  const auto other = event_of(R"({"event_time":"2024-01-01 12:01:00","n":2})");
  write("b1", {one, other});
  EXPECT_EQ(mend(mending("1", {}, {{one->id, one->event_at + std::chrono::seconds(90)}, place_of(other)})),
            "1 removed, 0 written");
  EXPECT_EQ(ask("SELECT count(*) FROM " + where(one)), "1");
}

TEST_P(WarehouseMend, ThePartsOfARowThatStaysStay) {
  const auto huge = event_of(R"({"event_time":"2024-01-01 12:00:00","event_value":")" + std::string(300'000, 'x') +
                             R"(","appsflyer_id":"h"})");
  write("b1", {huge});
  const std::string parts = parts_there();
  EXPECT_EQ(mend(mending("1", {}, {{huge->id, huge->event_at + std::chrono::hours(5)}})), "0 removed, 0 written");
  EXPECT_EQ(parts_there(), parts);
  EXPECT_THAT(decoded_ids(), testing::ElementsAre(huge->id.hex()));
}

TEST_P(WarehouseMend, TheSameBatchOnceMoreChangesNothing) {
  const auto event = event_of(1);
  write("b1", {event});
  const Batch batch = mending("1", {event, event_of(2)}, {place_of(event)});
  EXPECT_EQ(mend(batch), "1 removed, 2 written");
  const auto marker = warehouse_->find_marker(batch.id);
  ASSERT_TRUE(marker && *marker);
  EXPECT_EQ((*marker)->inserted, 2U);
  EXPECT_EQ(mend(batch), "1 removed, 1 written");
  EXPECT_EQ(count(), "2");
}

TEST_P(WarehouseMend, TheBooksCountNothingOfIt) {
  const auto event = event_of(1);
  const auto once_more = event_of(event->json, kArrival + std::chrono::minutes(5));
  write("b1", {event, once_more, event_of(2)});
  ASSERT_EQ(sums(), "2 and 1");
  mend(mending("1", {once_more, event_of(2), event_of(3)}, {place_of(event)}));
  mend(mending("2", {event_of(event_of(2)->json, kArrival + std::chrono::minutes(7))}, {}));
  EXPECT_EQ(sums(), "2 and 1");
}

TEST_P(WarehouseMend, AsManyAsMayBeNamedAtOnce) {
  std::vector<event::EventPtr> events;
  std::vector<EventPlace> places;
  for (int i = 0; i < static_cast<int>(kRemovedMax); ++i) {
    events.push_back(
        event_of(R"({"appsflyer_id":"m","event_time":")" + base::sql_timestamp(kArrival - hours(24 * i)) + "\"}"));
    places.push_back(place_of(events.back()));
  }
  write("b1", events);
  const std::string all = std::to_string(kRemovedMax);
  EXPECT_EQ(mend(mending("1", events, places)), all + " removed, " + all + " written");
  EXPECT_EQ(count(), all);
}

// What cannot be written does not take the place of what stands there.
TEST_P(WarehouseMend, ARefusedRowLeavesTheOldOne) {
  if (has_parts()) GTEST_SKIP() << "its tables enforce nothing that could refuse a row later";
  const auto event = event_of(1);
  write("b1", {event});
  const bool sqlite = std::string_view(GetParam().name) == "sqlite";
  ASSERT_TRUE(bed_->execute(
      sqlite ? "CREATE TRIGGER refuse BEFORE INSERT ON " + bed_->table() + " BEGIN SELECT RAISE(ABORT, 'no'); END"
             : "ALTER TABLE " + bed_->table() + " ADD CONSTRAINT refuse CHECK (appsflyer_id <> 'a1') NOT VALID"));
  const auto report = warehouse_->write(mending("1", {event}, {place_of(event)}));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, base::ErrorKind::rejected) << "as of a row that takes nobody's place";
  EXPECT_FALSE(refusal_of(report.error()).error_class.empty());
  EXPECT_EQ(count(), "1");
  EXPECT_EQ(write("b2", {event_of(2)}), sqlite ? "r" : "w") << "the connection is sound";
}

// Where the index is lost and an event stands twice no lane may write: only what mends.
TEST_P(WarehouseMend, ATableWithDoublesIsReadyForBatchesThatMendAlone) {
  const auto event = event_of(1);
  write("b1", {event, event_of(2)});
  if (!has_parts()) {
    ASSERT_TRUE(bed_->execute("DROP INDEX events_here_event_id"));
  }
  ASSERT_TRUE(bed_->execute("INSERT INTO " + bed_->table() + " SELECT * FROM " + where(event)));
  warehouse_ = bed_->open();
  const auto ready = warehouse_->prepare();
  EXPECT_EQ(ready.has_value(), has_parts()) << "Redshift enforces no key, so no double is in the way there";
  if (!ready) {
    EXPECT_EQ(ready.error().kind, base::ErrorKind::conflict);
  }
  const auto to_mend = warehouse_->prepare_to_mend();
  ASSERT_TRUE(to_mend) << to_mend.error().text();
  const auto plain = warehouse_->write(batch_of("b2", {event_of(3)}));
  EXPECT_EQ(plain.has_value(), has_parts());
  ASSERT_TRUE(warehouse_->prepare_to_mend());
  EXPECT_EQ(mend(mending("1", {event, event_of(4)}, {})), "0 removed, 1 written") << "it looks for doubles itself";
  EXPECT_EQ(mend(mending("2", {event}, {place_of(event)})), "2 removed, 1 written");
  const auto whole = warehouse_->prepare();
  ASSERT_TRUE(whole) << whole.error().text();
  EXPECT_EQ(write("b3", {event, event_of(5)}), "dw");
  if (!has_parts()) {
    EXPECT_FALSE(bed_->execute("INSERT INTO " + bed_->table() + " SELECT * FROM " + where(event)))
        << "the index is back";
  }
}

INSTANTIATE_TEST_SUITE_P(Drivers, WarehouseMend, testing::ValuesIn(drivers_under_test()),
                         [](const auto& driver) { return std::string(driver.param.name); });

}  // namespace
}  // namespace twinshift::warehouse
