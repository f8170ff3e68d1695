#include "app/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<books::TargetBooks> some_books() {
  books::TargetBooks books;
  books.name = "secondary";
  books.summary.counts = {.received = 10, .landed = 5, .duplicate = 1, .quarantined = 1, .owed = 2, .waived = 0};
  books.summary.open_hours = 1;
  books.missing = 1;
  books.counted_at = base::WallTime(std::chrono::seconds(1'700'000'000));
  return {books};
}

TEST(Metrics, TellOfTheBooks) {
  const std::string text = metrics_text({.books = some_books()});
  EXPECT_THAT(text, HasSubstr("twinshift_books_events{target=\"secondary\",side=\"received\"} 10"));
  EXPECT_THAT(text, HasSubstr("twinshift_books_events{target=\"secondary\",side=\"owed\"} 2"));
  EXPECT_THAT(text, HasSubstr("twinshift_books_missing{target=\"secondary\"} 1"));
  EXPECT_THAT(text, HasSubstr("twinshift_books_counted_timestamp_seconds{target=\"secondary\"} 1700000000"));
  EXPECT_THAT(text, HasSubstr("# TYPE twinshift_books_missing gauge"));
}

TEST(Metrics, SayNothingOfWhatWasNotCounted) {
  auto books = some_books();
  books[0].counted_at.reset();
  const std::string text = metrics_text({.books = books});
  EXPECT_THAT(text, Not(HasSubstr("\ntwinshift_books_counted_timestamp")));
  EXPECT_THAT(text, Not(HasSubstr("\ntwinshift_books_missing"))) << "0 would say that nothing is missing";
  EXPECT_THAT(text, Not(HasSubstr("\ntwinshift_books_events")));
  EXPECT_THAT(text, Not(HasSubstr("\ntwinshift_books_surplus")));
  EXPECT_THAT(text, HasSubstr("twinshift_books_counted{target=\"secondary\"} 0"));
}

TEST(Metrics, ACountThatFailedLeavesTheLastFiguresAndSaysSo) {
  auto books = some_books();
  EXPECT_THAT(metrics_text({.books = books}), HasSubstr("twinshift_books_counted{target=\"secondary\"} 1"));
  books[0].error = "away";
  const std::string text = metrics_text({.books = books});
  EXPECT_THAT(text, HasSubstr("twinshift_books_counted{target=\"secondary\"} 0"));
  EXPECT_THAT(text, HasSubstr("twinshift_books_missing{target=\"secondary\"} 1"));
}

TEST(Metrics, TellOfWhatIsOwedAndWhenItEnds) {
  delivery::TargetStatus primary;
  primary.name = "primary";
  primary.is_primary = true;
  delivery::TargetStatus secondary;
  secondary.name = "secondary";
  secondary.owed = 7;
  secondary.backlog_storage.emplace();
  secondary.backlog_storage->bytes = 4096;
  secondary.backlog_storage->parity_in = std::chrono::seconds(60);
  secondary.backlog_storage->unreadable_files = 1;
  secondary.backlog_storage->unreadable_events = 5;
  const std::string text = metrics_text({.targets = {primary, secondary}});
  EXPECT_THAT(text, HasSubstr("twinshift_backlog_events{target=\"secondary\"} 7"));
  EXPECT_THAT(text, HasSubstr("twinshift_backlog_bytes{target=\"secondary\"} 4096"));
  EXPECT_THAT(text, HasSubstr("twinshift_backlog_parity_seconds{target=\"secondary\"} 60"));
  EXPECT_THAT(text, HasSubstr("twinshift_backlog_unreadable_files{target=\"secondary\"} 1"));
  EXPECT_THAT(text, HasSubstr("twinshift_backlog_unreadable_events{target=\"secondary\"} 5"));
  EXPECT_THAT(text, Not(HasSubstr("budget_seconds{")));
  EXPECT_THAT(text, Not(HasSubstr("twinshift_backlog_events{target=\"primary\"")));
}

TEST(Metrics, ParityHasNoValueBeforeItIsKnown) {
  proof::ParityState state;
  const base::WallTime now{std::chrono::seconds(1'000)};
  const std::string none = metrics_text({.parity = state, .now = now});
  EXPECT_THAT(none, HasSubstr("twinshift_audit_verdict{verdict=\"equal\"} 0"));
  EXPECT_EQ(none.find("\ntwinshift_parity"), std::string::npos);
  state.up_to = now - std::chrono::seconds(90);
  state.except = 2;
  state.last = proof::Audit{.verdict = proof::AuditVerdict::different, .differences = 3, .found = {}};
  const std::string text = metrics_text({.parity = state, .now = now});
  EXPECT_THAT(text, HasSubstr("twinshift_audit_verdict{verdict=\"different\"} 1"));
  EXPECT_THAT(text, HasSubstr("twinshift_audit_differences 3"));
  EXPECT_THAT(text, HasSubstr("twinshift_parity_lag_seconds 90"));
  EXPECT_THAT(text, HasSubstr("twinshift_parity_timestamp_seconds 910"));
  EXPECT_THAT(text, HasSubstr("twinshift_parity_except_events 2"));
}

TEST(Metrics, TellOfIntakeAndItsLatency) {
  MetricsInput input;
  input.intake.accepted = 12;
  input.intake.refused_for[static_cast<std::size_t>(intake::RefusedFor::too_large)] = 2;
  input.intake.latency.add(std::chrono::microseconds(4'500));
  const std::string text = metrics_text(input);
  EXPECT_THAT(text, HasSubstr("twinshift_intake_requests_total{outcome=\"accepted\"} 12"));
  EXPECT_THAT(text, HasSubstr("twinshift_intake_refused_total{reason=\"too_large\"} 2"));
  EXPECT_THAT(text, HasSubstr("twinshift_intake_refused_total{reason=\"body\"} 0"));
  EXPECT_THAT(text, HasSubstr("twinshift_intake_duration_seconds_bucket{le=\"0.004\"} 0"));
  EXPECT_THAT(text, HasSubstr("twinshift_intake_duration_seconds_bucket{le=\"0.005\"} 1"));
  EXPECT_THAT(text, HasSubstr("twinshift_intake_duration_seconds_bucket{le=\"+Inf\"} 1"));
  EXPECT_THAT(text, HasSubstr("twinshift_intake_duration_seconds_sum 0.0045"));
}

TEST(Metrics, TellOfEachTargetsTriesByKind) {
  MetricsInput input;
  delivery::TargetStatus& target = input.targets.emplace_back();
  target.name = "secondary";
  target.state = delivery::TargetState::open;
  target.tally.attempts = 7;
  target.tally.failures[static_cast<std::size_t>(base::ErrorKind::throttled)] = 3;
  input.quarantine.records["secondary"] = 4;
  const std::string text = metrics_text(input);
  EXPECT_THAT(text, HasSubstr("twinshift_target_attempts_total{target=\"secondary\"} 7"));
  EXPECT_THAT(text, HasSubstr("twinshift_target_state{target=\"secondary\",state=\"open\"} 1"));
  EXPECT_THAT(text, HasSubstr("twinshift_target_state{target=\"secondary\",state=\"ok\"} 0"));
  EXPECT_THAT(text, HasSubstr("twinshift_target_failures_total{target=\"secondary\",kind=\"throttled\"} 3"));
  EXPECT_THAT(text, HasSubstr("twinshift_target_commit_duration_seconds_count{target=\"secondary\"} 0"));
  EXPECT_THAT(text, HasSubstr("twinshift_quarantine_records{target=\"secondary\"} 4"));
  EXPECT_THAT(text, Not(HasSubstr("last_commit_timestamp_seconds{"))) << "it has committed nothing yet";
}

TEST(Metrics, EveryFamilyIsDeclaredThoughNothingIsThereToTell) {
  const std::string text = metrics_text({});
  for (const char* name :
       {"twinshift_queue_events", "twinshift_target_attempts_total", "twinshift_target_commit_duration_seconds",
        "twinshift_quarantine_records", "twinshift_backlog_events", "twinshift_books_missing", "twinshift_books_events",
        "twinshift_audit_verdict", "twinshift_parity_lag_seconds", "twinshift_aws_throttles_total",
        "process_open_fds"}) {
    EXPECT_THAT(text, HasSubstr("# HELP " + std::string(name) + " "));
    EXPECT_THAT(text, HasSubstr("# TYPE " + std::string(name) + " "));
  }
}

TEST(Metrics, TellOfAwsThrottlesByService) {
  const std::string text = metrics_text({.aws_throttles = {{"sqs", 3}, {"sts", 0}}});
  EXPECT_THAT(text, HasSubstr("twinshift_aws_throttles_total{service=\"sqs\"} 3"));
  EXPECT_THAT(text, HasSubstr("twinshift_aws_throttles_total{service=\"sts\"} 0"));
}

TEST(Metrics, TellOfTheProcess) {
  const std::string text = metrics_text({.process = process_usage()});
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
                           "process_max_fds", "process_start_time_seconds", "twinshift_build_info{version="}) {
    EXPECT_THAT(text, HasSubstr(std::string("\n") + name));
  }
}

TEST(Metrics, AreMadeOnceForManyScrapes) {
  int read = 0;
  Metrics metrics([&read] {
    ++read;
    return MetricsInput{};
  });
  for (int scrape = 0; scrape < 1'000; ++scrape) (void)metrics.text();
  EXPECT_LT(read, 100);
}

}  // namespace
}  // namespace twinshift::app
