#include "proof/settled_write.hpp"

#include <gtest/gtest.h>

#include "tests/support/fake_warehouse.hpp"

namespace twinshift::proof {
namespace {

using base::ErrorKind;

class SettledWriteTest : public ::testing::Test {
 protected:
  static warehouse::Batch batch(std::string id = "mend-1") {
    warehouse::Batch batch{.id = std::move(id), .events = {}};
    for (const char* text : {R"({"a":1})", R"({"a":2})"}) batch.events.push_back(*event::decode_event(text, {}, {}));
    return batch;
  }
  static base::Error trouble(ErrorKind kind) { return {kind, "scripted", "fake", ""}; }

  std::shared_ptr<tests::FakeTable> table = std::make_shared<tests::FakeTable>();
  tests::FakeWarehouse warehouse{table};
};

TEST_F(SettledWriteTest, AnAnswerThatWasLostIsTakenFromTheMarker) {
  table->script({trouble(ErrorKind::unknown_outcome), true});
  const auto sums = write_settled(warehouse, batch(), 5);
  ASSERT_TRUE(sums);
  EXPECT_EQ(sums->written, 2U);
  EXPECT_EQ(sums->removed, 5U);
  EXPECT_EQ(table->writes(), 1);
}

TEST_F(SettledWriteTest, WhatLeftNoMarkerIsWrittenAgainAFewTimes) {
  table->script({trouble(ErrorKind::unknown_outcome), false});
  table->script({trouble(ErrorKind::unavailable), false});
  ASSERT_TRUE(write_settled(warehouse, batch(), 0));
  EXPECT_EQ(table->writes(), 3);
  for (int i = 0; i < kWritesMax; ++i) table->script({trouble(ErrorKind::unknown_outcome), false});
  const auto failed = write_settled(warehouse, batch("mend-2"), 0);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::unavailable);
}

TEST_F(SettledWriteTest, WhereTheMarkerCannotBeAskedForTheOutcomeStaysUnknown) {
  table->script({trouble(ErrorKind::unknown_outcome), true});
  class Deaf final : public warehouse::Warehouse {
   public:
    explicit Deaf(tests::FakeWarehouse& real) : real_(real) {}
    base::Status prepare() override { return real_.prepare(); }
    base::Result<warehouse::WriteReport> write(const warehouse::Batch& batch) override { return real_.write(batch); }
    base::Result<std::optional<warehouse::Marker>> find_marker(std::string_view) override {
      return base::fail(ErrorKind::unavailable, "gone", "fake");
    }
    base::Result<warehouse::Table> query(const std::string& sql, std::size_t rows_max) override {
      return real_.query(sql, rows_max);
    }
    base::Status ping() override { return {}; }
    [[nodiscard]] std::string product() const override { return "Deaf"; }

   private:
    tests::FakeWarehouse& real_;
  } deaf(warehouse);
  const auto failed = write_settled(deaf, batch(), 0);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::unknown_outcome);
}

TEST_F(SettledWriteTest, RefusedEventsAreTold) {
  table->reject(R"({"a":2})");
  const auto sums = write_settled(warehouse, batch(), 0);
  ASSERT_TRUE(sums);
  EXPECT_EQ(sums->written, 1U);
  ASSERT_EQ(sums->refused.size(), 1U);
  EXPECT_EQ(sums->refused[0].first, 1U);
  EXPECT_EQ(sums->refused[0].second.column, "event_name");
}

// Else the message that is owed would be no duplicate of another when it comes: the books would miss it for ever.
TEST_F(SettledWriteTest, WhatIsOwedByNowIsLeftOut) {
  table->reject(R"({"a":2})");
  auto three = batch();
  three.events.insert(three.events.begin(), *event::decode_event(R"({"a":0})", {}, {}));
  const auto first_is_owed = [](std::span<const event::EventPtr> events) {
    std::vector<bool> owed(events.size());
    owed[0] = true;
    return owed;
  };
  const auto sums = write_unowed(warehouse, three, 0, first_is_owed);
  ASSERT_TRUE(sums) << sums.error().text();
  EXPECT_EQ(sums->owed, std::vector<std::size_t>{0});
  EXPECT_EQ(sums->written, 1U);
  ASSERT_EQ(sums->refused.size(), 1U);
  EXPECT_EQ(sums->refused[0].first, 2U) << "by its place in the whole batch";
  using warehouse::Outcome;
  EXPECT_EQ(sums->outcomes, (std::vector<Outcome>{Outcome::deferred, Outcome::written, Outcome::rejected}));
  const auto all_are = [](std::span<const event::EventPtr> events) { return std::vector<bool>(events.size(), true); };
  const int writes = table->writes();
  EXPECT_EQ(write_unowed(warehouse, batch("mend-2"), 0, all_are)->owed.size(), 2U);
  EXPECT_EQ(table->writes(), writes) << "nothing is left to be written";
}

TEST_F(SettledWriteTest, ABatchThatReplacesRowsIsWrittenWhole) {
  auto replacing = batch();
  replacing.remove.push_back({replacing.events[0]->id, {}});
  const auto all_are = [](std::span<const event::EventPtr> events) { return std::vector<bool>(events.size(), true); };
  const auto sums = write_unowed(warehouse, replacing, 0, all_are);
  ASSERT_TRUE(sums);
  EXPECT_TRUE(sums->owed.empty());
  EXPECT_EQ(table->writes(), 1);
}

}  // namespace
}  // namespace twinshift::proof
