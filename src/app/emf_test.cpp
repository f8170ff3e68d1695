#include "app/emf.hpp"

#include <mutex>

#include <gmock/gmock.h>
#include <simdjson.h>

#include "tests/support/wait_until.hpp"

namespace twinshift::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using namespace std::chrono_literals;

delivery::TargetStatus target(const std::string& name) {
  delivery::TargetStatus status;
  status.name = name;
  status.is_primary = name == "primary";
  status.state = delivery::TargetState::ok;
  return status;
}

class EmfLinesTest : public ::testing::Test {
 protected:
  EmfLinesTest() {
    now_.now = base::WallTime(1'700'000'000s);
    now_.targets = {target("primary"), target("secondary")};
    before_.targets = now_.targets;
  }
  std::vector<std::string> lines() { return emf_lines("Twinshift", before_, now_); }

  MetricsInput before_;
  MetricsInput now_;
};

TEST_F(EmfLinesTest, EachLineIsWhatTheSpecificationAsksFor) {
  now_.intake.latency.add(3ms);
  now_.targets[0].tally.commit_latency.add(3ms);
  books::TargetBooks& books = now_.books.emplace_back();
  books.name = "primary";
  books.counted_at = now_.now;
  simdjson::dom::parser parser;
  for (const std::string& line : lines()) {
    EXPECT_LT(line.size(), 256U << 10U);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    simdjson::dom::element root;
    ASSERT_EQ(parser.parse(line).get(root), simdjson::SUCCESS) << line;
    EXPECT_EQ(std::int64_t(root["_aws"]["Timestamp"]), 1'700'000'000'000);
    simdjson::dom::element directive = root["_aws"]["CloudWatchMetrics"].at(0);
    EXPECT_EQ(std::string_view(directive["Namespace"]), "Twinshift");
    for (auto name : directive["Dimensions"].at(0)) EXPECT_TRUE(root[std::string_view(name)].is_string()) << line;
    std::size_t metrics = 0;
    for (auto metric : directive["Metrics"]) {
      ++metrics;
      EXPECT_TRUE(root[std::string_view(metric["Name"])].is_number()) << line;
    }
    EXPECT_GT(metrics, 5U);
    EXPECT_LE(metrics, 100U);
  }
}

TEST_F(EmfLinesTest, TellOfWhatHappenedSinceTheLinesBefore) {
  before_.targets[1].tally.attempts = 100;
  before_.targets[1].tally.commits = 100;
  now_.targets[1].tally.attempts = 110;
  now_.targets[1].tally.commits = 109;
  now_.targets[1].tally.failures[static_cast<std::size_t>(base::ErrorKind::throttled)] = 1;
  now_.targets[1].landed = 500;
  now_.targets[1].owed = 7;
  for (int i = 0; i < 10; ++i) {
    now_.targets[0].tally.commit_latency.add(2ms);
    now_.targets[1].tally.commit_latency.add(40ms);
  }
  const auto all = lines();
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_THAT(all[0], HasSubstr(R"("Service":"twinshift")"));
  EXPECT_THAT(all[0], HasSubstr(R"("LatencyDifference":)"));
  EXPECT_THAT(all[2], HasSubstr(R"("Target":"secondary")"));
  EXPECT_THAT(all[2], HasSubstr(R"("InsertionSuccessRate":90)"));
  EXPECT_THAT(all[2], HasSubstr(R"("ErrorRate":10)"));
  EXPECT_THAT(all[2], HasSubstr(R"("Throttles":1)"));
  EXPECT_THAT(all[2], HasSubstr(R"("RowsInserted":500)"));
  EXPECT_THAT(all[2], HasSubstr(R"("BacklogEvents":7)"));
}

TEST_F(EmfLinesTest, WhatHasNoValueIsLeftOut) {
  const auto all = lines();
  EXPECT_THAT(all[1], Not(HasSubstr("InsertionSuccessRate"))) << "nothing was tried: 0 and 100 would both be wrong";
  EXPECT_THAT(all[1], Not(HasSubstr("CommitLatency")));
  EXPECT_THAT(all[1], Not(HasSubstr("BooksMissing"))) << "never counted";
  EXPECT_THAT(all[1], Not(HasSubstr("BacklogEvents"))) << "the primary owes nothing";
  EXPECT_THAT(all[0], Not(HasSubstr("ParityLag")));
  now_.targets[1].state = delivery::TargetState::disabled;
  EXPECT_THAT(lines(), SizeIs(2));
  now_.targets[1].tally.attempts = before_.targets[1].tally.attempts + 1;
  now_.targets[1].landed = before_.targets[1].landed + 3;
  EXPECT_THAT(lines(), SizeIs(3)) << "switched off since";
}

TEST_F(EmfLinesTest, TheQuarantineIsCountedAsItStandsAndByWhatCameSince) {
  before_.targets[0].quarantined = 5;
  now_.targets[0].quarantined = 7;
  now_.quarantine.records["primary"] = 4;
  const auto all = lines();
  EXPECT_THAT(all[1], HasSubstr(R"("QuarantineRecords":4)"));
  EXPECT_THAT(all[1], HasSubstr(R"("Quarantined":2)"));
  EXPECT_THAT(all[2], HasSubstr(R"("QuarantineRecords":0)"))
      << "nothing of it is in the quarantine: known, not unknown";
}

TEST_F(EmfLinesTest, AuditDifferencesAreThoseOfTheLastAudit) {
  now_.parity.emplace();
  EXPECT_THAT(lines()[0], Not(HasSubstr("AuditDifferences")))
      << "there was none: 0 would say that the two are the same";
  now_.parity->last.emplace().differences = 3;
  EXPECT_THAT(lines()[0], HasSubstr(R"("AuditDifferences":3)"));
}

TEST_F(EmfLinesTest, TheBudgetHasAValueWhileThereIsAForecastOrItIsUsedUp) {
  EXPECT_THAT(lines()[2], Not(HasSubstr("BacklogBudget"))) << "a backlog on no disk of ours";
  backlog::StorageStatus& storage = now_.targets[1].backlog_storage.emplace();
  storage.bytes = 10;
  storage.bytes_max = 20;
  EXPECT_THAT(lines()[2], Not(HasSubstr("BacklogBudget"))) << "it does not grow";
  storage.budget_used_in = 90s;
  EXPECT_THAT(lines()[2], HasSubstr(R"("BacklogBudget":90)"));
  storage.budget_used_in.reset();
  storage.bytes = 20;
  EXPECT_THAT(lines()[2], HasSubstr(R"("BacklogBudget":0)")) << "an alarm must not end when what it warned of has come";
}

TEST_F(EmfLinesTest, BooksAreCountedOnlyWhereTheLastCountSucceeded) {
  EXPECT_THAT(lines()[1], Not(HasSubstr("BooksCounted"))) << "no books are kept here";
  books::TargetBooks& books = now_.books.emplace_back();
  books.name = "primary";
  EXPECT_THAT(lines()[1], HasSubstr(R"("BooksCounted":0)")) << "there was no count yet";
  books.counted_at = now_.now;
  EXPECT_THAT(lines()[1], HasSubstr(R"("BooksCounted":1)"));
  books.error = "the server is away";
  EXPECT_THAT(lines()[1], HasSubstr(R"("BooksCounted":0)"));
  EXPECT_THAT(lines()[1], HasSubstr(R"("BooksMissing":0)")) << "as of the last count that succeeded";
}

// What lands while the service stops is in the last lines, which come when all has ended.
TEST(EmfReporterTest, TheLastLinesTellWhatCameAfterItsThreadHadEnded) {
  std::vector<std::string> written;
  MetricsInput input;
  input.targets = {target("primary")};
  EmfReporter reporter({.name_space = "N",
                        .interval = 1h,
                        .read = [&] { return input; },
                        .write = [&](const std::string& line) { written.push_back(line); }});
  reporter.start();
  reporter.stop();
  EXPECT_THAT(written, SizeIs(0));
  input.targets[0].landed = 7;
  reporter.finish();
  ASSERT_THAT(written, SizeIs(2));
  EXPECT_THAT(written[1], HasSubstr(R"("RowsInserted":7)"));
  reporter.finish();
  EXPECT_THAT(written, SizeIs(2)) << "once";
}

TEST(EmfReporterTest, WritesAtItsIntervalAndNothingOnceStopped) {
  std::mutex mutex;
  std::vector<std::string> written;
  const auto count = [&] {
    const std::lock_guard lock(mutex);
    return written.size();
  };
  EmfReporter reporter({.name_space = "N",
                        .interval = 1ms,
                        .read = [] { return MetricsInput{}; },
                        .write =
                            [&](const std::string& line) {
                              const std::lock_guard lock(mutex);
                              written.push_back(line);
                            }});
  reporter.start();
  EXPECT_TRUE(tests::wait_until([&] { return count() >= 3; }));
  reporter.stop();
  const std::size_t last = count();
  reporter.stop();
  EXPECT_EQ(count(), last);
}

}  // namespace
}  // namespace twinshift::app
