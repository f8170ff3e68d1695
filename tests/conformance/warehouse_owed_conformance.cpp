// What the instances publish of their books: the latest of each counts, what was replaced goes in time.
#include <chrono>

#include "tests/conformance/warehouse_suite.hpp"
#include "warehouse/markers.hpp"
#include "warehouse/owed_word.hpp"
#include "warehouse/schema/owed_text.hpp"

namespace twinshift::warehouse {
namespace {

using std::chrono::hours;

constexpr base::WallTime kHour{hours(480'000)};

class WarehouseOwed : public WarehouseSuite {
 protected:
  static OwedRow row(const std::string& instance, base::WallTime hour, std::uint64_t received, base::WallTime as_of) {
    return {.instance = instance,
            .target = "secondary",
            .arrival_at = hour,
            .received = received,
            .owed = 1,
            .quarantined = 2,
            .waived = 3,
            .as_of = as_of};
  }
  void publish(const std::vector<OwedRow>& rows) {
    const auto done = warehouse_->publish(rows);
    EXPECT_TRUE(done) << done.error().text();
  }
  std::vector<OwedRow> read() {
    auto rows = read_owed(*warehouse_, kHour - hours(1));
    EXPECT_TRUE(rows) << rows.error().text();
    return rows ? std::move(*rows) : std::vector<OwedRow>();
  }
};

TEST_P(WarehouseOwed, TheLatestRowOfEachCounts) {
  ASSERT_TRUE(warehouse_->prepare());
  EXPECT_TRUE(read().empty());
  const std::string odd = "it's a \\ name";
  const OwedRow later = row("a", kHour, 7, kHour + std::chrono::microseconds(1'500'000));
  publish({row("a", kHour, 5, kHour + hours(-1)), row("a", kHour + hours(1), 1, kHour), row(odd, kHour, 9, kHour)});
  publish({later});
  publish({row("a", kHour, 6, kHour)});  // late
  publish({later});                      // again, after an unknown outcome
  EXPECT_EQ(read(), (std::vector{later, row("a", kHour + hours(1), 1, kHour), row(odd, kHour, 9, kHour)}));
}

TEST_P(WarehouseOwed, WhatTheOthersSayIsSummedByHour) {
  ASSERT_TRUE(warehouse_->prepare());
  OwedRow primarys = row("b", kHour, 40, kHour);
  primarys.target = "primary";
  publish({row("it's me", kHour, 100, kHour), row("a", kHour, 4, kHour), row("a", kHour, 5, kHour + hours(1)),
           row("b", kHour, 7, kHour), row("b", kHour + hours(1), 8, kHour), row("b", kHour - hours(2), 9, kHour),
           primarys});
  const auto sums = read_owed_by_others(*warehouse_, "it's me", kHour - hours(1));
  ASSERT_TRUE(sums) << sums.error().text();
  OwedRow both = row("", kHour, 12, kHour + hours(1));
  both.owed = 2, both.quarantined = 4, both.waived = 6;
  primarys.instance.clear();
  EXPECT_EQ(*sums, (std::vector{primarys, both, row("", kHour + hours(1), 8, kHour)}));
  EXPECT_EQ(read().size(), 6U) << "of an older hour something is owed";
}

TEST_P(WarehouseOwed, WhatInstancesSayOfThemselvesIsReadTogether) {
  ASSERT_TRUE(warehouse_->prepare());
  const auto at = [](int minutes) { return kHour + std::chrono::minutes(minutes); };
  publish({word_row("runs", kStarted, at(0)), word_row("runs", kRunning, at(1)), word_row("runs", kRunning, at(2)),
           word_row("fresh", kStarted, at(3)), word_row("stopped", kRunning, at(1)),
           word_row("stopped", kSettled, at(1)), word_row("again", kStarted, at(0)), word_row("again", kSettled, at(4)),
           word_row("again", kStarted, at(5)), row("older", kHour, 5, kHour)});
  const auto words = read_words(*warehouse_);
  ASSERT_TRUE(words) << words.error().text();
  EXPECT_EQ(*words, (std::vector<InstanceWord>{{"again", at(5), at(4), false},
                                               {"fresh", at(3), at(3), false},
                                               {"runs", at(2), at(2), false},
                                               {"stopped", at(1), at(1), true}}));
  EXPECT_EQ(read().size(), 1U) << "they are no hours";
}

TEST_P(WarehouseOwed, ATableThatIsNotThereIsToldFromOneThatIs) {
  ASSERT_TRUE(warehouse_->prepare());
  EXPECT_TRUE(can_read_owed(*warehouse_));
  ASSERT_TRUE(bed_->execute("DROP TABLE twinshift_owed"));
  EXPECT_FALSE(can_read_owed(*warehouse_));
}

TEST_P(WarehouseOwed, AsManyRowsAsOneCallMayBring) {
  ASSERT_TRUE(warehouse_->prepare());
  std::vector<OwedRow> rows;
  for (std::size_t i = 0; i < kOwedRowsMax; ++i) {
    rows.push_back(row(std::string(200, 'x'), kHour + hours(i), 1'000'000'000, kHour));
  }
  publish(rows);
  EXPECT_EQ(read(), rows);
}

TEST_P(WarehouseOwed, WhatWasReplacedGoesAndNothingElse) {
  ASSERT_TRUE(warehouse_->prepare());
  publish({row("a", kHour, 5, kHour), row("b", kHour, 5, kHour), row("a", kHour, 6, kHour + hours(1)),
           row("a", kHour, 7, kHour + hours(2)), row("a", kHour, 8, kHour + hours(3))});
  ASSERT_TRUE(
      bed_->execute("INSERT INTO twinshift_owed SELECT 'another', instance, target, arrival_at, received, owed, "
                    "quarantined, waived, as_of FROM twinshift_owed WHERE received = 5"));
  const auto before = read();
  const auto removed = warehouse_->prune(kHour + hours(2));
  ASSERT_TRUE(removed) << removed.error().text();
  EXPECT_EQ(*removed, 2U);
  EXPECT_EQ(*warehouse_->prune(kHour + hours(2)), 0U);
  EXPECT_EQ(read(), before);
  EXPECT_EQ(ask("SELECT count(*) FROM twinshift_owed"), "5");
}

TEST_P(WarehouseOwed, WhatNobodyJudgesAnyMoreGoesUnlessItIsOwed) {
  ASSERT_TRUE(warehouse_->prepare());
  OwedRow settled = row("a", kHour, 5, kHour);
  settled.owed = 0;
  OwedRow said_since = settled;
  said_since.arrival_at += hours(1);
  said_since.as_of += hours(3);
  publish({settled, row("b", kHour, 5, kHour), said_since});
  EXPECT_EQ(*warehouse_->prune(kHour + (kLoadsAbandoned - kLoadsKept)), 0U);
  EXPECT_EQ(*warehouse_->prune(kHour + (kLoadsAbandoned - kLoadsKept) + hours(2)), 1U);
  EXPECT_EQ(read(), (std::vector{said_since, row("b", kHour, 5, kHour)}));
}

INSTANTIATE_TEST_SUITE_P(Drivers, WarehouseOwed, testing::ValuesIn(drivers_under_test()),
                         [](const auto& driver) { return std::string(driver.param.name); });

}  // namespace
}  // namespace twinshift::warehouse
