// What every driver leaves for the books: what landed and which messages did not because of another one, exact to the
// message whatever is delivered, written or asked again; and old rows removed.
#include <chrono>

#include "tests/conformance/warehouse_suite.hpp"
#include "warehouse/load_sums.hpp"
#include "warehouse/markers.hpp"

namespace twinshift::warehouse {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;

constexpr base::WallTime kHour{hours(480'000)};  // 2024-10-04 00:00:00
constexpr base::WallTime kNoon = kHour + hours(12);
// What one step of pruning leaves, the next takes; a few steps do.
constexpr int kPruneStepsMax = 20;

class WarehouseBooks : public WarehouseSuite {
 protected:
  // The event of that number, as a message that came at that time.
  static event::EventPtr message(int number, base::WallTime received_at) {
    return warehouse::event_of(R"({"event_time":"2024-01-01 12:00:00","n":)" + std::to_string(number) + "}",
                               received_at);
  }
  std::vector<LoadSums> sums(base::WallTime from = kHour, const std::string& instance = "") {
    const auto report = read_load_sums(*warehouse_, {.instance = instance, .from_hour = from});
    EXPECT_TRUE(report) << (report ? "" : report.error().text());
    if (!report) return {};
    EXPECT_TRUE(report->duplicates_counted);
    return report->hours;
  }
  // Landed and duplicates in all.
  std::string total() {
    LoadSums all;
    for (const LoadSums& each : sums()) all.inserted += each.inserted, all.duplicate += each.duplicate;
    return std::to_string(all.inserted) + " landed, " + std::to_string(all.duplicate) + " duplicate";
  }
  std::uint64_t prune(base::WallTime before) {
    std::uint64_t removed = 0;
    for (int step = 0; step < kPruneStepsMax; ++step) {
      const auto done = warehouse_->prune(before);
      EXPECT_TRUE(done) << (done ? "" : done.error().text());
      if (!done || *done == 0) return removed;
      removed += *done;
    }
    ADD_FAILURE() << "pruning does not end";
    return removed;
  }
};

TEST_P(WarehouseBooks, ADuplicateIsAnotherMessageOfTheEvent) {
  EXPECT_EQ(write("b1", {message(1, kNoon)}), "w");
  EXPECT_EQ(write("b2", {message(1, kNoon)}), "d");  // the queue delivered it once more
  EXPECT_EQ(total(), "1 landed, 0 duplicate");
  EXPECT_EQ(write("b3", {message(1, kNoon + microseconds(1))}), "d");  // sent once more
  EXPECT_EQ(total(), "1 landed, 1 duplicate");
  EXPECT_EQ(write("b4", {message(1, kNoon + microseconds(1)), message(2, kNoon)}), "dw");
  EXPECT_EQ(write("b5", {message(1, kNoon + microseconds(1)), message(1, kNoon)}), "dd");
  EXPECT_EQ(total(), "2 landed, 1 duplicate");
  EXPECT_EQ(write("b6", {message(1, kNoon - microseconds(1)), message(2, kNoon + microseconds(1))}), "dd");
  EXPECT_EQ(total(), "2 landed, 3 duplicate");
}

TEST_P(WarehouseBooks, TwoMessagesInOneBatch) {
  const auto at = [](int after) { return kNoon + microseconds(after); };
  EXPECT_EQ(write("b1", {message(1, at(0)), message(1, at(1)), message(1, at(0)), message(1, at(1))}), "wddd");
  EXPECT_EQ(total(), "1 landed, 1 duplicate");
  // The one that landed comes behind another, whatever the first of the batch is.
  EXPECT_EQ(write("b2", {message(1, at(2)), message(1, at(0)), message(1, at(3))}), "ddd");
  EXPECT_EQ(total(), "1 landed, 3 duplicate");
  EXPECT_EQ(write("b3", {message(1, at(0)), message(1, at(4)), message(2, at(0))}), "ddw");
  EXPECT_EQ(total(), "2 landed, 4 duplicate");
}

TEST_P(WarehouseBooks, EachMessageCountsInItsOwnHour) {
  write("b1", {message(1, kHour), message(2, kHour + hours(1) - microseconds(1)), message(3, kHour + hours(2))});
  write("b2", {message(1, kHour + hours(1) - microseconds(1)), message(2, kHour + hours(1)),
               message(3, kHour + hours(30) + microseconds(500'000))});
  const std::vector<LoadSums> expected = {
      {kHour, 2, 1}, {kHour + hours(1), 0, 1}, {kHour + hours(2), 1, 0}, {kHour + hours(30), 0, 1}};
  EXPECT_EQ(sums(), expected);
  EXPECT_EQ(sums(kHour + hours(1)), std::vector(expected.begin() + 1, expected.end()));
  EXPECT_TRUE(sums(kHour + hours(31)).empty());
  EXPECT_EQ(sums(kHour, "twinshift"), expected);
  EXPECT_TRUE(sums(kHour, "no' one\\").empty());
}

TEST_P(WarehouseBooks, SumsUpWhatWasWrittenInATimeAlone) {
  write("b1", {message(1, kNoon), message(1, kNoon + microseconds(1))});
  const base::WallTime soon = std::chrono::floor<microseconds>(std::chrono::system_clock::now()) + hours(1);
  const auto before = read_load_sums(*warehouse_, {.from_hour = kHour, .written_before = soon});
  ASSERT_TRUE(before) << before.error().text();
  EXPECT_EQ(before->hours, (std::vector<LoadSums>{{kNoon, 1, 1}}));
  const auto after = read_load_sums(*warehouse_, {.from_hour = kHour, .written_from = soon});
  ASSERT_TRUE(after) << after.error().text();
  EXPECT_TRUE(after->hours.empty());
}

// A lane that does not know the outcome and finds no marker, or does not trust its eyes, writes the batch anew.
TEST_P(WarehouseBooks, ABatchThatIsWrittenAgainCountsOnce) {
  write("b1", {message(1, kNoon)});
  const std::vector<event::EventPtr> batch = {message(1, kNoon + hours(1)), message(2, kNoon),
                                              message(2, kNoon + hours(1)), message(3, kNoon)};
  EXPECT_EQ(write("b2", batch), "dwdw");
  const auto marker = warehouse_->find_marker("b2");
  ASSERT_TRUE(marker && *marker);
  EXPECT_EQ((*marker)->duplicate, 2U);
  EXPECT_EQ(total(), "3 landed, 2 duplicate");
  EXPECT_EQ(write("b2", batch), "dddd");
  EXPECT_EQ(bed_->open()->write(batch_of("b3", batch))->outcomes, std::vector(4, Outcome::duplicate));
  EXPECT_EQ(total(), "3 landed, 2 duplicate");
}

TEST_P(WarehouseBooks, ManyDuplicatesInOneBatch) {
  constexpr int kEvents = 900;
  std::vector<event::EventPtr> first;
  std::vector<event::EventPtr> second;
  for (int i = 0; i < kEvents; ++i) {
    first.push_back(message(i, kNoon + microseconds(i)));
    second.push_back(message(i, kNoon + microseconds(i + i % 2)));  // half of them as they were
    second.push_back(message(i, kNoon + microseconds(i) + hours(1)));
  }
  for (std::size_t i = 0; i < second.size(); i += kEvents) {
    const auto begin = static_cast<std::ptrdiff_t>(i);
    if (i == 0) write("b1", first);
    write("c" + std::to_string(i), {second.begin() + begin, second.begin() + begin + kEvents});
  }
  EXPECT_EQ(total(), "900 landed, 1350 duplicate");
}

// Arrivals that somebody's table keeps with a zone, or without the fraction's zeros.
TEST_P(WarehouseBooks, ArrivalsInAnotherTypeOfTime) {
  ASSERT_TRUE(bed_->execute("CREATE TABLE " + bed_->table() + " (received_at TIMESTAMPTZ, mine TEXT)"));
  EXPECT_EQ(write("b1", {message(1, kNoon)}), "w");
  EXPECT_EQ(write("b2", {message(1, kNoon), message(1, kNoon + microseconds(1)), message(2, kNoon)}), "ddw");
  EXPECT_EQ(write("b3", {message(2, kNoon + microseconds(999'999)), message(2, kNoon)}), "dd");
  EXPECT_EQ(total(), "2 landed, 2 duplicate");
  EXPECT_EQ(sums().front().hour, kNoon);
}

// After a rebuild: what the lost markers told.
TEST_P(WarehouseBooks, AMarkerOfARebuildCountsAsLandedOnce) {
  EXPECT_EQ(write("b1", {message(1, kNoon)}), "w");
  const std::vector<RebuiltHour> marked = {{"rebuilt-a'1\\", kNoon, 3}, {"rebuilt-2", kNoon + hours(1), 5'000'000'000}};
  EXPECT_EQ(warehouse_->mark_rebuilt(marked).value(), 2U);
  const std::vector<LoadSums> expected = {{kNoon, 4, 0}, {kNoon + hours(1), 5'000'000'000, 0}};
  EXPECT_EQ(sums(), expected);
  EXPECT_EQ(sums(kHour, "twinshift"), expected);
  // Again, also by another, and beside one that is new: no id stands twice.
  EXPECT_EQ(bed_->open()->mark_rebuilt(marked).value(), 0U);
  const std::vector<RebuiltHour> more = {marked[0], {"rebuilt-3", kNoon, 2}};
  EXPECT_EQ(warehouse_->mark_rebuilt(more).value(), 1U);
  EXPECT_EQ(total(), "5000000006 landed, 0 duplicate");
  EXPECT_EQ(warehouse_->mark_rebuilt({}).value(), 0U);
  // A batch goes on as before, and old markers go as any.
  EXPECT_EQ(write("b2", {message(2, kNoon)}), "w");
  const auto now = std::chrono::floor<microseconds>(std::chrono::system_clock::now());
  EXPECT_EQ(prune(now + hours(24)), 5U);
  EXPECT_EQ(total(), "0 landed, 0 duplicate");
}

TEST_P(WarehouseBooks, AsManyHoursAsOneCallMayHaveAreMarked) {
  std::vector<RebuiltHour> marked;
  for (std::size_t i = 0; i < kRebuiltHoursMax; ++i) {
    marked.push_back({std::string(kRebuiltPrefix) + std::to_string(i), kHour + hours(i), i + 1});
  }
  EXPECT_EQ(warehouse_->mark_rebuilt(marked).value(), kRebuiltHoursMax);
  EXPECT_EQ(sums().size(), kRebuiltHoursMax);
  EXPECT_EQ(sums().back(), (LoadSums{kHour + hours(kRebuiltHoursMax - 1), kRebuiltHoursMax, 0}));
}

TEST_P(WarehouseBooks, OldRowsGoAndNoOthers) {
  const auto now = std::chrono::floor<microseconds>(std::chrono::system_clock::now());
  write("b1", {message(1, kNoon), message(1, kNoon + microseconds(1))});
  EXPECT_EQ(prune(now - kLoadsKept), 0U);
  EXPECT_EQ(total(), "1 landed, 1 duplicate");
  ASSERT_TRUE(bed_->execute(
      "INSERT INTO twinshift_loads SELECT 'another', instance, 'b2', window_at, arrival_at, sent, inserted, duplicate, "
      "key_low_sum, key_high_sum, written_at FROM twinshift_loads"));
  // Two rows more that are old enough, days apart: Redshift takes two steps.
  for (const char* written : {"2024-10-05 00:00:00", "2024-10-08 00:00:00"}) {
    ASSERT_TRUE(
        bed_->execute("INSERT INTO twinshift_duplicates SELECT table_name, instance, batch_id, event_key, "
                      "received_at, '" +
                      std::string(written) +
                      "' FROM twinshift_duplicates WHERE batch_id = 'b1' AND written_at > "
                      "'2025-01-01 00:00:00'"));
  }
  EXPECT_EQ(prune(now - kLoadsKept), 2U);
  EXPECT_EQ(total(), "1 landed, 1 duplicate");
  EXPECT_TRUE(*warehouse_->find_marker("b1"));
  EXPECT_EQ(prune(now + hours(24)), 2U);
  EXPECT_EQ(total(), "0 landed, 0 duplicate");
  EXPECT_FALSE(*warehouse_->find_marker("b1"));
  EXPECT_EQ(ask("SELECT count(*) FROM twinshift_loads"), "1");
}

// Each instance alone knows which of its rows it has summed up; but those of one that is gone do not stay for good.
TEST_P(WarehouseBooks, AnotherInstancesRowsGoOnceTheyAreAbandoned) {
  const auto now = std::chrono::floor<microseconds>(std::chrono::system_clock::now());
  write("b1", {message(1, kNoon), message(1, kNoon + microseconds(1))});
  ASSERT_TRUE(bed_->execute("UPDATE twinshift_loads SET instance = 'it''s another'"));
  ASSERT_TRUE(bed_->execute("UPDATE twinshift_duplicates SET instance = 'it''s another'"));
  EXPECT_EQ(prune(now + hours(24)), 0U);
  EXPECT_EQ(total(), "1 landed, 1 duplicate");
  EXPECT_EQ(prune(now + (kLoadsAbandoned - kLoadsKept) + hours(1)), 2U);
  EXPECT_EQ(total(), "0 landed, 0 duplicate");
}

TEST_P(WarehouseBooks, ATableThatWasTakenAwayIsMadeAnew) {
  write("b1", {message(1, kNoon)});
  ASSERT_TRUE(bed_->execute("DROP TABLE twinshift_duplicates"));
  const auto without = read_load_sums(*warehouse_, {.from_hour = kHour});
  ASSERT_TRUE(without) << without.error().text();
  EXPECT_FALSE(without->duplicates_counted);
  EXPECT_EQ(without->hours, (std::vector<LoadSums>{{kNoon, 1, 0}}));
  const Batch batch = batch_of("b2", {message(1, kNoon + hours(1)), message(2, kNoon)});
  if (const auto failed = warehouse_->write(batch); !failed) {
    EXPECT_EQ(failed.error().kind, base::ErrorKind::unavailable) << failed.error().text();
    EXPECT_TRUE(warehouse_->write(batch));
  }
  EXPECT_EQ(total(), "2 landed, 1 duplicate");
}

// Tables of an older version: without the index on the arrival, and without the table of duplicates.
TEST_P(WarehouseBooks, TablesThatAreThereAreCompleted) {
  write("b1", {message(1, kNoon)});
  const bool has_indexes = !std::string_view(GetParam().name).starts_with("redshift");
  if (has_indexes) {
    ASSERT_TRUE(bed_->execute("DROP INDEX twinshift_loads_arrival_at"));
  }
  ASSERT_TRUE(bed_->execute("DROP TABLE twinshift_duplicates"));
  warehouse_ = bed_->open();
  ASSERT_TRUE(warehouse_->prepare());
  EXPECT_EQ(write("b2", {message(1, kNoon + hours(1))}), "d");
  EXPECT_EQ(total(), "1 landed, 1 duplicate");
  if (!has_indexes) return;
  // Neither can be made once more.
  EXPECT_FALSE(bed_->execute("CREATE INDEX twinshift_loads_arrival_at ON twinshift_loads (arrival_at)"));
  EXPECT_FALSE(bed_->execute("CREATE INDEX twinshift_duplicates_received_at ON twinshift_duplicates (received_at)"));
}

INSTANTIATE_TEST_SUITE_P(Drivers, WarehouseBooks, testing::ValuesIn(drivers_under_test()),
                         [](const auto& driver) { return std::string(driver.param.name); });

}  // namespace
}  // namespace twinshift::warehouse
