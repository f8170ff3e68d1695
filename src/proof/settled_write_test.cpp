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

}  // namespace
}  // namespace twinshift::proof
