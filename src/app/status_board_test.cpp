#include "app/status_board.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <simdjson.h>

#include "http/wire_testing.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using namespace std::chrono_literals;

MetricsInput figures(std::uint64_t accepted, std::uint64_t rows) {
  MetricsInput input;
  input.intake.accepted = accepted;
  delivery::TargetStatus& target = input.targets.emplace_back();
  target.name = "primary";
  target.is_primary = true;
  target.state = delivery::TargetState::ok;
  target.landed = rows;
  target.tally.attempts = target.tally.commits = rows / 10;
  return input;
}

TEST(StatusHistoryTest, RatesAreOfTheLastSecondAndSeriesOfSteps) {
  StatusHistory history;
  tests::ManualClock clock;
  for (std::uint64_t second = 0; second <= 20; ++second) {
    history.take(figures(100 * second, 90 * second), clock.steady());
    clock.advance(1s);
  }
  EXPECT_DOUBLE_EQ(history.accepted_per_second(), 100);
  EXPECT_DOUBLE_EQ(history.rows_per_second("primary"), 90);
  EXPECT_EQ(history.success_percent("primary"), 100);
  EXPECT_FALSE(history.success_percent("secondary"));
  const auto series = history.series();
  EXPECT_THAT(series.accepted_per_second, ElementsAre(100, 100, 100, 100));
  EXPECT_THAT(series.targets.at("primary").rows_per_second, ElementsAre(90, 90, 90, 90));
}

TEST(StatusHistoryTest, KeepsAQuarterOfAnHour) {
  StatusHistory history;
  tests::ManualClock clock;
  for (int second = 0; second <= 3'600; ++second) {
    history.take(figures(0, 0), clock.steady());
    clock.advance(1s);
  }
  EXPECT_THAT(history.series().accepted_per_second, SizeIs(StatusHistory::kSteps));
}

TEST(StatusHistoryTest, PercentilesAreOfTheLastMinute) {
  StatusHistory history;
  tests::ManualClock clock;
  MetricsInput input = figures(0, 0);
  for (int i = 0; i < 100; ++i) input.intake.latency.add(50ms);
  history.take(input, clock.steady());
  for (int second = 0; second < 120; ++second) {
    clock.advance(1s);
    history.take(input, clock.steady());
  }
  input.intake.latency.add(1ms);
  clock.advance(1s);
  history.take(input, clock.steady());
  EXPECT_EQ(history.intake_latency().total(), 1U);
  EXPECT_LE(*history.intake_latency().quantile(0.99), 0.001);
}

TEST(RecentErrorsTest, EqualOnesAreFoldedAndTheNewestComesFirst) {
  RecentErrors errors;
  const auto take = [&](const std::string& message, base::log::Level level = base::log::Level::warn) {
    errors.take(level,
                R"({"level":"warn","time":1,"msg":")" + message + R"(","target":"secondary","error":"e","hint":"h"})",
                base::WallTime(1s));
  };
  take("one");
  take("two");
  take("one");
  take("info", base::log::Level::info);
  errors.take(base::log::Level::error, "no json", {});
  const auto list = errors.list();
  ASSERT_THAT(list, SizeIs(2));
  EXPECT_EQ(std::tuple(list[0].what, list[0].count, list[0].target, list[0].hint),
            std::tuple("one", 2U, "secondary", "h"));
  EXPECT_EQ(list[1].what, "two");
  for (int i = 0; i < 100; ++i) take(std::to_string(i));
  EXPECT_THAT(errors.list(), SizeIs(RecentErrors::kKept));
}

TEST(ReasonsTest, AreCountedMostFirst) {
  std::vector<quarantine::Record> records(5);
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].target = "secondary";
    records[i].column = i < 3 ? "campaign" : "event_revenue";
    records[i].error_class = "22001";
  }
  const auto reasons = reasons_of(records);
  ASSERT_THAT(reasons, SizeIs(2));
  EXPECT_EQ(std::pair(reasons[0].column, reasons[0].events), std::pair(std::string("campaign"), std::uint64_t{3}));
}

class StatusBoardTest : public ::testing::Test {
 protected:
  void start(std::chrono::milliseconds every) {
    board_ = std::make_unique<StatusBoard>(StatusBoard::Parts{.read =
                                                                  [this] {
                                                                    MetricsInput input = figures(++reads_, 0);
                                                                    return input;
                                                                  },
                                                              .read_refused = {},
                                                              .queue_driver = "sqlite",
                                                              .every = every});
    board_->start();
    http::Routes routes;
    routes.add("GET", "/api/status",
               [this](const http::Request&, http::Responder r) { board_->answer_status(std::move(r)); });
    routes.add("GET", "/api/events",
               [this](const http::Request&, http::Responder r) { board_->answer_events(std::move(r)); });
    server_ = std::make_unique<http::Server>(
        http::Options{.host = "127.0.0.1", .port = 0, .headers_kept = {}, .on_refusal = {}, .tls = {}},
        std::move(routes));
    ASSERT_TRUE(server_->start());
  }
  std::atomic<std::uint64_t> reads_{0};
  std::unique_ptr<StatusBoard> board_;
  std::unique_ptr<http::Server> server_;
};

TEST_F(StatusBoardTest, WhatTheLogWarnsOfIsShown) {
  base::log::set_sink([](std::string_view) {});
  start(1ms);
  base::log::warn("The disk is slow").add("hint", "Look <b>at</b> it");
  base::log::set_sink({});
  ASSERT_TRUE(tests::wait_until([&] { return board_->text()->find("The disk is slow") != std::string::npos; }));
  EXPECT_THAT(*board_->text(), HasSubstr(R"("hint":"Look <b>at</b> it")")) << "JSON; the page puts it in as text";
  board_->stop();
  base::log::set_sink([](std::string_view) {});
  base::log::warn("Nobody looks any more");
  base::log::set_sink({});
  EXPECT_THAT(*board_->text(), Not(HasSubstr("Nobody looks")));
}

TEST_F(StatusBoardTest, TheTextIsJsonAndNewEachTime) {
  start(1ms);
  const auto first = board_->text();
  ASSERT_TRUE(tests::wait_until([&] { return *board_->text() != *first; }));
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  ASSERT_EQ(parser.parse(*board_->text()).get(root), simdjson::SUCCESS);
  EXPECT_EQ(std::string_view(root["verdict"]["level"]), "well");
}

// None of them ever reads: each holds one place, and gives it back when it goes.
TEST_F(StatusBoardTest, ViewersAreBoundedAlsoWhereTheyNeverRead) {
  start(1ms);
  const std::string ask = "GET /api/events HTTP/1.1\r\nHost: x\r\n\r\n";
  std::vector<http::testing::Wire> deaf;
  for (std::size_t i = 0; i < StatusBoard::kViewersMax; ++i) {
    deaf.emplace_back(server_->port());
    ASSERT_TRUE(deaf.back().send(ask));
  }
  ASSERT_TRUE(tests::wait_until([&] { return board_->viewers() == StatusBoard::kViewersMax; }));
  http::testing::Wire late(server_->port());
  ASSERT_TRUE(late.send(ask));
  const http::testing::Answer full = late.answer();
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(full.headers.at("Retry-After"), "10");
  EXPECT_EQ(board_->viewers(), StatusBoard::kViewersMax);
  const auto told = board_->text();
  EXPECT_TRUE(tests::wait_until([&] { return *board_->text() != *told; })) << "figures are taken on";
  deaf.clear();
  EXPECT_TRUE(tests::wait_until([&] { return board_->viewers() == 0; }));
  http::testing::Wire next(server_->port());
  ASSERT_TRUE(next.send(ask));
  EXPECT_EQ(next.answer(true).status, 200);
}

}  // namespace
}  // namespace twinshift::app
