// The Data API in trouble: each event stands once in the end, what is said of an outcome is never a guess, and what a
// person reads says what to do.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/conformance/standin_control.hpp"
#include "tests/conformance/warehouse_testbed.hpp"
#include "warehouse/drivers/redshift_data/redshift_data_testbed.hpp"
#include "warehouse/load_sums.hpp"

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;
using ::testing::HasSubstr;
using ::testing::Not;

class DataApiFaults : public testing::Test {
 protected:
  DataApiFaults() : bed_(make_redshift_data_warehouse_testbed()), options_(stand_in_options(bed_->database())) {
    options_.statement_timeout = std::chrono::milliseconds(10'000);
    open();
  }
  ~DataApiFaults() override {
    fault_off();
    control_.order(R"({"do":"set","wait":true})");
  }

  void open() {
    auto opened = open_redshift_data_warehouse(options_);
    if (!opened) std::abort();
    warehouse_ = std::move(*opened);
  }
  // `more`: further members of the order, each with a comma before it.
  void fault(const std::string& kind, const std::string& more) {
    const std::string answer =
        control_.order(fmt::format(R"({{"do":"fault","kind":"{}","database":"{}"{}}})", kind, bed_->database(), more));
    ASSERT_THAT(answer, HasSubstr("\"ok\": true"));
  }
  void fault_off() {
    control_.order(fmt::format(R"({{"do":"fault","kind":"off","database":"{}"}})", bed_->database()));
  }
  static std::string on(const char* operation) { return fmt::format(R"(,"operation":"{}")", operation); }

  // Three events that no batch before had.
  Batch next_batch() {
    Batch batch{"batch-" + std::to_string(++batches_), {}};
    for (int i = 0; i < 3; ++i) batch.events.push_back(event_of(batches_ * 10 + i));
    return batch;
  }
  static event::EventPtr event_of(int number, std::chrono::microseconds after = {}) {
    return *event::decode_event(
        R"({"event_time":"2024-01-01 12:00:00","appsflyer_id":"canary)" + std::to_string(number) + "\"}", "m",
        base::WallTime(std::chrono::hours(480'000)) + after);
  }
  // Prepared, with one batch in it.
  void start() {
    ASSERT_TRUE(warehouse_->prepare());
    ASSERT_TRUE(warehouse_->write(next_batch()));
  }
  std::string ask(const std::string& sql) {
    const auto table = warehouse_->query(sql, 10);
    EXPECT_TRUE(table) << (table ? "" : table.error().text());
    return table && !table->rows.empty() ? table->rows[0][0].value_or("NULL") : "";
  }
  void expect_events(int batches) {
    EXPECT_EQ(ask("SELECT count(*) FROM " + bed_->table()), std::to_string(batches * 3));
    EXPECT_EQ(ask("SELECT count(DISTINCT event_id) FROM " + bed_->table()), std::to_string(batches * 3));
    EXPECT_EQ(ask("SELECT sum(inserted) FROM twinshift_loads"), std::to_string(batches * 3));
  }
  // write() that must fail so, without a value of a row in its text.
  base::Error fail_to_write(const Batch& batch, ErrorKind kind) {
    const auto report = warehouse_->write(batch);
    EXPECT_FALSE(report);
    if (report) return {};
    EXPECT_EQ(report.error().kind, kind) << report.error().text();
    EXPECT_THAT(report.error().text(), Not(HasSubstr("canary")));
    return report.error();
  }
  void expect_none(const Batch& batch) {
    const auto marker = warehouse_->find_marker(batch.id);
    ASSERT_TRUE(marker) << marker.error().text();
    EXPECT_FALSE(*marker);
  }

  tests::StandinControl control_{"TWINSHIFT_TEST_DATA_API_CONTROL"};
  std::unique_ptr<WarehouseTestbed> bed_;
  RedshiftDataOptions options_;
  std::unique_ptr<Warehouse> warehouse_;
  int batches_ = 0;
};

TEST_F(DataApiFaults, ABatchTakesTwoCallsAndDuplicatesOneMore) {
  start();
  const std::uint64_t before = options_.client->requests();
  const auto plain = warehouse_->write(next_batch());
  ASSERT_TRUE(plain);
  EXPECT_EQ(options_.client->requests() - before, 2U);
  EXPECT_EQ(plain->statement_id.size(), 36U);  // the service's own name for it
  Batch again = next_batch();
  again.events.push_back(event_of(10));
  const auto report = warehouse_->write(again);
  ASSERT_TRUE(report);
  EXPECT_EQ(options_.client->requests() - before, 5U);
  EXPECT_EQ(report->outcomes.back(), Outcome::duplicate);
  expect_events(3);
}

TEST_F(DataApiFaults, ThrottlesSlowItDownAndFailNothing) {
  start();
  fault("throttle", on("BatchExecuteStatement") + R"(,"times":3)");
  fault("active_statements", R"(,"times":2)");
  fault("throttle", on("DescribeStatement") + R"(,"times":2)");
  EXPECT_TRUE(warehouse_->write(next_batch()));
  expect_events(2);
}

TEST_F(DataApiFaults, ALastingThrottleIsToldAsOneAndWroteNothing) {
  start();
  options_.attempt_timeout = std::chrono::milliseconds(1'000);
  open();
  ASSERT_TRUE(warehouse_->prepare());
  fault("throttle", on("BatchExecuteStatement") + R"(,"times":1000)");
  const Batch batch = next_batch();
  fail_to_write(batch, ErrorKind::throttled);
  fault_off();
  expect_none(batch);
  ASSERT_TRUE(warehouse_->write(batch));
  expect_events(2);
}

TEST_F(DataApiFaults, AnswersThatAreLostOrBrokenAreAskedForAgain) {
  start();
  for (const char* kind : {"lost_answer", "error_5xx", "html", "half_answer"}) {
    for (const char* operation : {"BatchExecuteStatement", "DescribeStatement"}) {
      fault(kind, on(operation));
      const auto report = warehouse_->write(next_batch());
      EXPECT_TRUE(report) << kind << " on " << operation << ": " << (report ? "" : report.error().text());
    }
  }
  expect_events(batches_);
  EXPECT_EQ(ask("SELECT count(*) FROM twinshift_loads"), std::to_string(batches_));
}

TEST_F(DataApiFaults, AnAttemptWithoutAnyAnswerIsFollowedWithItsTokenUntilItIsKnown) {
  start();
  fault("lost_answer", on("BatchExecuteStatement") + R"(,"times":1000)");
  const Batch batch = next_batch();
  fail_to_write(batch, ErrorKind::unknown_outcome);
  EXPECT_FALSE(warehouse_->find_marker(batch.id));  // still nobody says
  fault_off();
  const auto marker = warehouse_->find_marker(batch.id);
  ASSERT_TRUE(marker) << marker.error().text();
  ASSERT_TRUE(*marker);
  EXPECT_EQ((*marker)->inserted, 3U);
  expect_events(2);
  EXPECT_EQ(ask("SELECT count(*) FROM twinshift_loads"), "2");
}

// The same transaction, so whatever becomes of the answer: counted once, and to the message.
TEST_F(DataApiFaults, DuplicatesOfAnAttemptThatWasLeftUnknownCountOnce) {
  start();
  Batch batch = next_batch();
  for (const int number : {10, 20, 20}) {
    const auto after = std::chrono::microseconds(batch.events.size() - 2);
    batch.events.push_back(event_of(number, after));
  }
  fault("lost_answer", on("BatchExecuteStatement") + R"(,"times":1000)");
  fail_to_write(batch, ErrorKind::unknown_outcome);
  fault_off();
  const auto marker = warehouse_->find_marker(batch.id);
  ASSERT_TRUE(marker && *marker);
  EXPECT_EQ((*marker)->duplicate, 3U);
  ASSERT_TRUE(warehouse_->write(batch));  // and once more
  const auto sums = read_load_sums(*warehouse_, {.from_hour = base::WallTime(std::chrono::hours(480'000))});
  ASSERT_TRUE(sums) << sums.error().text();
  EXPECT_EQ(sums->hours, (std::vector<LoadSums>{{base::WallTime(std::chrono::hours(480'000)), 6, 3}}));
}

TEST_F(DataApiFaults, WhatNeverEndsIsCancelledAndTriedAgainWithLess) {
  start();
  options_.statement_timeout = std::chrono::milliseconds(1'000);
  open();
  ASSERT_TRUE(warehouse_->prepare());
  fault("statement_hangs", R"(,"statement_contains":"DELETE FROM twinshift_stage")");
  const Batch batch = next_batch();
  const base::Error error = fail_to_write(batch, ErrorKind::timed_out);
  EXPECT_THAT(error.message, HasSubstr("Timeout waiting for primary Redshift statement to complete"));
  fault_off();
  expect_none(batch);
  ASSERT_TRUE(warehouse_->write(batch));
  expect_events(2);
}

TEST_F(DataApiFaults, WhatFinishesThoughCancelledIsWritten) {
  start();
  options_.statement_timeout = std::chrono::milliseconds(2'500);
  open();
  ASSERT_TRUE(warehouse_->prepare());
  fault("cancel_ignored", R"(,"times":5)");
  fault("statement_slow", R"(,"times":1,"ms":3000,"statement_contains":"DELETE FROM twinshift_stage")");
  const std::uint64_t before = options_.client->requests();
  const auto report = warehouse_->write(next_batch());
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_GE(options_.client->requests() - before, 3U);  // one of them was the cancellation
  expect_events(2);
}

TEST_F(DataApiFaults, WhatStaysUnderWayIsUnknownUntilItsEnd) {
  start();
  options_.statement_timeout = std::chrono::milliseconds(1'000);
  open();
  ASSERT_TRUE(warehouse_->prepare());
  fault("cancel_ignored", R"(,"times":50)");
  fault("statement_slow", R"(,"times":1,"ms":4000,"statement_contains":"DELETE FROM twinshift_stage")");
  const Batch batch = next_batch();
  const base::Error error = fail_to_write(batch, ErrorKind::unknown_outcome);
  EXPECT_THAT(error.message, HasSubstr("Timeout waiting for primary Redshift statement to complete"));
  for (int asked = 0; asked < 20; ++asked) {
    const auto marker = warehouse_->find_marker(batch.id);
    if (!marker) continue;  // not yet known: each question waits for it
    ASSERT_TRUE(*marker);
    EXPECT_EQ((*marker)->inserted, 3U);
    return expect_events(2);
  }
  FAIL() << "its end was never known";
}

TEST_F(DataApiFaults, AConflictWroteNothing) {
  start();
  fault("conflict", "");
  const Batch batch = next_batch();
  fail_to_write(batch, ErrorKind::conflict);
  expect_none(batch);
  ASSERT_TRUE(warehouse_->write(batch));
  expect_events(2);
}

TEST_F(DataApiFaults, OnlyWhatIsKnownToBeAboutRowsIsARefusal) {
  start();
  const std::string data = R"(,"sqlstate":"XX000","message":"Value too long for character type")";
  fault("statement_fails", data + R"(,"statement_contains":"INSERT INTO twinshift_stage")");
  EXPECT_THAT(fail_to_write(next_batch(), ErrorKind::rejected).message, HasSubstr("[22001]"));
  // The same words from a statement that holds no row.
  fault("statement_fails", data + R"(,"statement_contains":"CREATE TEMP TABLE")");
  fail_to_write(next_batch(), ErrorKind::unavailable);
  fault("statement_fails", R"(,"sqlstate":"XX000","message":"something new about canary7")"
                           R"(,"statement_contains":"INSERT INTO twinshift_stage")");
  const base::Error error = fail_to_write(next_batch(), ErrorKind::unavailable);
  EXPECT_THAT(error.where, HasSubstr("primary, statement "));
  expect_events(1);
}

TEST_F(DataApiFaults, ATableThatWasDroppedIsMadeAnew) {
  start();
  ASSERT_TRUE(bed_->execute("DROP TABLE " + bed_->table()));
  const Batch batch = next_batch();
  fail_to_write(batch, ErrorKind::unavailable);
  ASSERT_TRUE(warehouse_->write(batch));
  EXPECT_EQ(ask("SELECT count(*) FROM " + bed_->table()), "3");
}

TEST_F(DataApiFaults, WithoutTheRightToWriteABatchItSaysWhatToGrant) {
  fault("access_denied", on("BatchExecuteStatement"));
  const auto status = warehouse_->prepare();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(status.error().message, HasSubstr("User is not authorized to perform: redshift-data:BatchExecute"));
  EXPECT_THAT(status.error().hint, HasSubstr("\"redshift-data:BatchExecuteStatement\",\"redshift-data:Describe"));
}

TEST_F(DataApiFaults, WithoutTheRightToLookNothingIsTakenForWritten) {
  start();
  fault("access_denied", on("DescribeStatement"));
  const Batch batch = next_batch();
  const base::Error error = fail_to_write(batch, ErrorKind::unknown_outcome);
  EXPECT_THAT(error.message, HasSubstr("redshift-data:DescribeStatement"));
  EXPECT_THAT(error.hint, HasSubstr("redshift-data:DescribeStatement"));
  fault_off();
  ASSERT_TRUE(*warehouse_->find_marker(batch.id));
  expect_events(2);
}

TEST_F(DataApiFaults, WithoutTheRightToCancelItGoesOn) {
  start();
  options_.statement_timeout = std::chrono::milliseconds(2'500);
  open();
  ASSERT_TRUE(warehouse_->prepare());
  fault("access_denied", on("CancelStatement"));
  fault("statement_slow", R"(,"times":1,"ms":3000,"statement_contains":"DELETE FROM twinshift_stage")");
  const std::uint64_t before = options_.client->requests();
  EXPECT_TRUE(warehouse_->write(next_batch()));
  EXPECT_GE(options_.client->requests() - before, 3U);
  expect_events(2);
}

TEST_F(DataApiFaults, AnEndpointThatDoesNotWaitIsAskedAgainAndAgain) {
  control_.order(R"({"do":"set","wait":false})");
  start();
  fault("statement_slow", R"(,"times":1,"ms":700,"statement_contains":"DELETE FROM twinshift_stage")");
  const std::uint64_t before = options_.client->requests();
  ASSERT_TRUE(warehouse_->write(next_batch()));
  const std::uint64_t calls = options_.client->requests() - before;
  EXPECT_GT(calls, 3U);
  EXPECT_LT(calls, 15U);
  expect_events(2);
}

TEST_F(DataApiFaults, AnUnknownClusterIsToldAsOne) {
  options_.cluster_identifier = "elsewhere";
  open();
  const auto status = warehouse_->prepare();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(status.error().message, HasSubstr("Redshift endpoint doesn't exist in this region"));
  EXPECT_THAT(status.error().hint, HasSubstr("role of that account"));
}

TEST_F(DataApiFaults, AResultThatCannotBeFetchedIsAskedOfTheMarker) {
  start();
  fault("error_5xx", on("GetStatementResult") + R"(,"times":3)");
  Batch batch = next_batch();
  batch.events.push_back(event_of(10));
  fail_to_write(batch, ErrorKind::unknown_outcome);
  const auto marker = warehouse_->find_marker(batch.id);
  ASSERT_TRUE(marker && *marker);
  EXPECT_EQ((*marker)->inserted, 3U);
  EXPECT_EQ((*marker)->duplicate, 1U);
  expect_events(2);
}

}  // namespace
}  // namespace twinshift::warehouse
