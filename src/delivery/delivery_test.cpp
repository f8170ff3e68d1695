// The threads around the machine, with fakes for queue and warehouses.
#include "delivery/delivery.hpp"

#include <atomic>
#include <future>
#include <mutex>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "backlog/queue_backlog.hpp"
#include "base/log.hpp"
#include "delivery/quick_limits_testing.hpp"
#include "tests/support/fake_quarantine.hpp"
#include "tests/support/fake_queue.hpp"
#include "tests/support/fake_warehouse.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::delivery {
namespace {

using base::ErrorKind;
using tests::FakeQueue;
using tests::FakeTable;
using tests::FakeWarehouse;
using tests::wait_until;
using namespace std::chrono_literals;

base::Error trouble(ErrorKind kind) {
  return {kind, "scripted trouble", "fake", "none"};
}

std::string event_text(int number) {
  return fmt::format(R"({{"appsflyer_id":"{}","event_name":"x"}})", number);
}

class DeliveryTest : public ::testing::Test {
 protected:
  DeliveryTest() {
    base::log::set_sink([this](std::string_view line) {
      const std::lock_guard lock(log_mutex_);
      log_ += line;
      log_ += '\n';
    });
    auto debts = std::make_unique<FakeQueue>();
    debts_ = debts.get();
    backlog_ = std::make_unique<backlog::QueueBacklog>("secondary", std::move(debts));
  }
  ~DeliveryTest() override {
    for (const auto& table : {primary_, secondary_}) table->hold(false);
    delivery_.reset();
    base::log::set_sink(nullptr);
  }

  void start(bool secondary_enabled = true) {
    const TargetLimits limits = testing::quick_limits(100ms);
    const Options options = testing::quick_options();
    std::vector<TargetParts> targets;
    targets.push_back({.name = "primary",
                       .is_primary = true,
                       .enabled = true,
                       .warehouse = std::make_unique<FakeWarehouse>(primary_),
                       .backlog = nullptr,
                       .limits = limits});
    targets.push_back({.name = "secondary",
                       .is_primary = false,
                       .enabled = secondary_enabled,
                       .warehouse = std::make_unique<FakeWarehouse>(secondary_),
                       .backlog = backlog_.get(),
                       .limits = limits});
    delivery_ = std::make_unique<Delivery>(options, queue_, quarantine_, std::move(targets), base::system_clock());
    delivery_->start();
  }

  void enqueue(int first, int count) {
    for (int i = first; i < first + count; ++i) {
      queue_.enqueue({.body = event_text(i), .message_id = fmt::format("m{}", i), .received_at = {}}, [](auto) {});
    }
  }
  StopReport stop(std::chrono::milliseconds limit = 5s) {
    return delivery_->stop(base::system_clock().steady() + limit);
  }
  TargetStatus target(std::size_t index) { return delivery_->status().targets.at(index); }
  std::string log() {
    const std::lock_guard lock(log_mutex_);
    return log_;
  }

  FakeQueue queue_;
  tests::FakeQuarantine quarantine_;
  FakeQueue* debts_ = nullptr;
  std::unique_ptr<backlog::Backlog> backlog_;
  std::shared_ptr<FakeTable> primary_ = std::make_shared<FakeTable>();
  std::shared_ptr<FakeTable> secondary_ = std::make_shared<FakeTable>();
  std::unique_ptr<Delivery> delivery_;

 private:
  std::mutex log_mutex_;
  std::string log_;
};

TEST_F(DeliveryTest, EveryEventLandsInBothAndLeavesTheQueue) {
  start();
  enqueue(0, 2'000);
  ASSERT_TRUE(wait_until([&] { return queue_.depth() == 0; }));
  EXPECT_EQ(primary_->rows(), 2'000U);
  EXPECT_TRUE(wait_until([&] { return secondary_->rows() == 2'000; }));
  EXPECT_TRUE(stop().clean);
  EXPECT_NE(log().find("Data successfully inserted into primary Fake"), std::string::npos);
  EXPECT_NE(log().find("SQS Consumer started"), std::string::npos);
  EXPECT_EQ(target(0).landed, 2'000U);
}

TEST_F(DeliveryTest, ABlackHoledSecondaryIsOwedAndHoldsNobodyUp) {
  secondary_->hold(true);
  start();
  enqueue(0, 6'000);
  ASSERT_TRUE(wait_until([&] { return queue_.depth() == 0; }));
  EXPECT_EQ(primary_->rows(), 6'000U);
  EXPECT_EQ(debts_->depth(), 6'000U);
  EXPECT_EQ(target(1).owed, 6'000U);
  EXPECT_EQ(target(1).state, TargetState::stalled);
  secondary_->hold(false);
  ASSERT_TRUE(wait_until([&] { return debts_->depth() == 0; }));
  EXPECT_EQ(secondary_->rows(), 6'000U);
}

TEST_F(DeliveryTest, AFailingSecondaryIsOwedAndDrainedWhenItIsWell) {
  secondary_->fail_all(trouble(ErrorKind::unavailable));
  start();
  enqueue(0, 500);
  ASSERT_TRUE(wait_until([&] { return queue_.depth() == 0 && debts_->depth() == 500; }));
  EXPECT_NE(log().find("scripted trouble"), std::string::npos);
  secondary_->fail_all(std::nullopt);
  ASSERT_TRUE(wait_until([&] { return debts_->depth() == 0 && secondary_->rows() == 500; }));
  EXPECT_EQ(primary_->rows(), 500U);
}

TEST_F(DeliveryTest, NothingIsAcknowledgedWhileThePrimaryIsDown) {
  primary_->fail_all(trouble(ErrorKind::unavailable));
  start();
  enqueue(0, 100);
  ASSERT_TRUE(wait_until([&] { return secondary_->rows() == 100; }));
  EXPECT_EQ(queue_.depth(), 100U);
  primary_->fail_all(std::nullopt);
  ASSERT_TRUE(wait_until([&] { return queue_.depth() == 0; }));
  EXPECT_EQ(primary_->rows(), 100U);
}

TEST_F(DeliveryTest, AnUnknownOutcomeIsSettledByItsMarker) {
  primary_->script({.error = trouble(ErrorKind::unknown_outcome), .commits = true});
  primary_->script({.error = trouble(ErrorKind::unknown_outcome), .commits = false});
  start();
  enqueue(0, 1);
  ASSERT_TRUE(wait_until([&] { return queue_.depth() == 0; }));
  EXPECT_EQ(primary_->writes(), 1);
  EXPECT_EQ(primary_->markers_asked(), 1);
  enqueue(1, 1);
  ASSERT_TRUE(wait_until([&] { return queue_.depth() == 0; }));
  EXPECT_EQ(primary_->writes(), 3);
  EXPECT_EQ(primary_->rows(), 2U);
}

TEST_F(DeliveryTest, TheLogNamesStatementsAsTheDatabaseDoes) {
  primary_->name_statements("statement-7");
  primary_->script({.error = trouble(ErrorKind::unknown_outcome), .commits = true});
  start();
  enqueue(0, 1);
  ASSERT_TRUE(wait_until([&] { return queue_.depth() == 0; }));
  ASSERT_TRUE(wait_until([&] { return log().find("settledByMarker") != std::string::npos; }));
  std::istringstream lines(log());
  int told = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(R"("target":"primary","statementId")") == std::string::npos) continue;
    ++told;
    EXPECT_NE(line.find(R"("statementId":"statement-7")"), std::string::npos) << line;
  }
  EXPECT_EQ(told, 2);  // the failure, and what it turned out to be
}

TEST_F(DeliveryTest, ARefusedEventIsQuarantinedAndItsNeighboursLand) {
  primary_->reject(event_text(5));
  enqueue(0, 10);
  start();
  ASSERT_TRUE(wait_until([&] { return queue_.depth() == 0; }));
  EXPECT_EQ(primary_->rows(), 9U);
  EXPECT_TRUE(wait_until([&] { return secondary_->rows() == 10; }));
  const auto kept = quarantine_.kept();
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].target, "primary");
  EXPECT_EQ(kept[0].event->json, event_text(5));
  EXPECT_EQ(kept[0].column, "event_name");
  EXPECT_EQ(kept[0].error_class, "22001");
  EXPECT_TRUE(wait_until([&] { return target(0).quarantined == 1; }));
  EXPECT_NE(log().find("primary, column event_name"), std::string::npos);
  EXPECT_EQ(log().find("appsflyer_id"), std::string::npos);
}

TEST_F(DeliveryTest, ALoneRefusedEventWaitsUntilAnotherIsTaken) {
  primary_->reject(event_text(5));
  start();
  enqueue(5, 1);
  ASSERT_TRUE(wait_until([&] { return target(0).rejected >= 3; }));  // tried again and again
  EXPECT_TRUE(quarantine_.kept().empty());
  EXPECT_EQ(queue_.depth(), 1U);
  enqueue(0, 1);
  ASSERT_TRUE(wait_until([&] { return queue_.depth() == 0; }));
  ASSERT_EQ(quarantine_.kept().size(), 1U);
  EXPECT_GE(quarantine_.kept()[0].tries, 4U);
  // Said though the same reason was logged a moment ago.
  EXPECT_TRUE(wait_until([&] { return log().find("it is in the quarantine") != std::string::npos; }));
}

TEST_F(DeliveryTest, AQuarantineThatTakesNothingKeepsTheEventWhereItIs) {
  quarantine_.fail_puts(trouble(ErrorKind::full));
  primary_->reject(event_text(5));
  enqueue(0, 10);
  start();
  ASSERT_TRUE(wait_until([&] { return log().find("Failed to quarantine events") != std::string::npos; }));
  ASSERT_TRUE(wait_until([&] { return queue_.depth() == 1; }));
  quarantine_.fail_puts(std::nullopt);
  enqueue(20, 1);
  ASSERT_TRUE(wait_until([&] { return queue_.depth() == 0; }));
  EXPECT_EQ(quarantine_.kept().size(), 1U);
}

TEST_F(DeliveryTest, AMessageThatHoldsNoEventStaysAndHoldsNobodyUp) {
  queue_.enqueue({.body = "not json", .message_id = "odd", .received_at = {}}, [](auto) {});
  start();
  enqueue(0, 5);
  ASSERT_TRUE(wait_until([&] { return queue_.depth() == 1 && primary_->rows() == 5; }));
  EXPECT_TRUE(wait_until([&] { return delivery_->status().undecodable >= 1; }));
}

TEST_F(DeliveryTest, ADisabledSecondaryOwesNothingAndKeepsItsBacklog) {
  debts_->enqueue({.body = event_text(99), .message_id = "old", .received_at = {}}, [](auto) {});
  start(false);
  enqueue(0, 50);
  ASSERT_TRUE(wait_until([&] { return queue_.depth() == 0; }));
  EXPECT_EQ(secondary_->rows(), 0U);
  EXPECT_EQ(debts_->depth(), 1U);
  EXPECT_EQ(target(1).state, TargetState::disabled);
  EXPECT_NE(log().find("\"owed\":1"), std::string::npos);
}

TEST_F(DeliveryTest, AFullBacklogSendsMessagesBackAndLosesNothing) {
  secondary_->fail_all(trouble(ErrorKind::unavailable));
  debts_->fail_enqueues(trouble(ErrorKind::full));
  start();
  enqueue(0, 200);
  ASSERT_TRUE(wait_until([&] { return primary_->rows() == 200; }));
  ASSERT_TRUE(wait_until([&] { return log().find("Failed to park events") != std::string::npos; }));
  EXPECT_EQ(queue_.depth(), 200U);
  debts_->fail_enqueues(std::nullopt);
  ASSERT_TRUE(wait_until([&] { return queue_.depth() == 0; }));
  // A group of which only a part was parked is parked again: twice in the backlog, once in the target.
  EXPECT_GE(debts_->depth(), 200U);
  secondary_->fail_all(std::nullopt);
  EXPECT_TRUE(wait_until([&] { return debts_->depth() == 0; }));
  EXPECT_EQ(secondary_->rows(), 200U);
}

TEST_F(DeliveryTest, StoppingParksWhatTheSecondaryHasNot) {
  secondary_->hold(true);
  start();
  enqueue(0, 20);
  ASSERT_TRUE(wait_until([&] { return primary_->rows() == 20; }));
  const StopReport report = stop(3s);
  EXPECT_EQ(queue_.depth(), 0U);
  EXPECT_EQ(debts_->depth(), 20U);
  ASSERT_EQ(report.stuck_lanes, std::vector<std::string>{"secondary"});
  EXPECT_TRUE(report.clean);  // what it left is owed, durably
}

TEST_F(DeliveryTest, StoppingGivesBackWhatThePrimaryHasNot) {
  primary_->hold(true);
  enqueue(0, 20);  // before the start: nothing is received any more once the primary's call has taken too long
  start();
  ASSERT_TRUE(wait_until([&] { return secondary_->rows() == 20; }));
  const auto begin = std::chrono::steady_clock::now();
  const StopReport report = stop(1s);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_EQ(queue_.depth(), 20U);
  EXPECT_EQ(queue_.released(), 20U);
  EXPECT_EQ(report.stuck_lanes, std::vector<std::string>{"primary"});
}

TEST_F(DeliveryTest, AQueueThatCannotBeReadIsTriedAgain) {
  queue_.fail_receives(trouble(ErrorKind::unavailable));
  start();
  ASSERT_TRUE(wait_until([&] { return !delivery_->status().receive_error.empty(); }));
  queue_.fail_receives(std::nullopt);
  enqueue(0, 3);
  ASSERT_TRUE(wait_until([&] { return queue_.depth() == 0; }));
  EXPECT_TRUE(wait_until([&] { return delivery_->status().receive_error.empty(); }));
}

TEST_F(DeliveryTest, FailedAcknowledgementsBringTheMessageAgainAndItStaysOnce) {
  queue_.fail_acknowledges(trouble(ErrorKind::full));
  start();
  enqueue(0, 3);
  ASSERT_TRUE(wait_until([&] { return log().find("Failed to acknowledge") != std::string::npos; }));
  EXPECT_EQ(queue_.depth(), 3U);
  EXPECT_TRUE(wait_until([&] { return primary_->rows() == 3; }));
}

TEST_F(DeliveryTest, AJobRunsOnTheLanesThreadBetweenBatches) {
  start();
  std::thread::id first;
  std::thread::id second;
  ASSERT_TRUE(delivery_->run_in_lane("secondary", [&](warehouse::Warehouse&) {
    first = std::this_thread::get_id();
    return base::Status();
  }));
  enqueue(0, 100);
  const base::Status failed = delivery_->run_in_lane("secondary", [&](warehouse::Warehouse&) {
    second = std::this_thread::get_id();
    return base::Status(base::fail(trouble(ErrorKind::conflict)));
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::conflict);
  EXPECT_EQ(first, second);
  EXPECT_NE(first, std::this_thread::get_id());
  EXPECT_TRUE(wait_until([&] { return secondary_->rows() == 100; }));
  EXPECT_EQ(delivery_->run_in_lane("tertiary", [](auto&) { return base::Status(); }).error().kind,
            ErrorKind::not_found);
}

TEST_F(DeliveryTest, AJobThatIsNotComeToIsNeverDone) {
  secondary_->hold(true);
  start();
  enqueue(0, 10);
  ASSERT_TRUE(wait_until([&] { return target(1).owed == 10; }));  // its first call hangs
  std::atomic<int> done{0};
  const LaneJob job = [&](warehouse::Warehouse&) {
    ++done;
    return base::Status();
  };
  EXPECT_EQ(delivery_->run_in_lane("secondary", job, 20ms).error().kind, ErrorKind::unavailable);
  // It still lies there; the next one is refused until the lane has laid it aside.
  EXPECT_EQ(delivery_->run_in_lane("secondary", job, 20ms).error().kind, ErrorKind::conflict);
  secondary_->hold(false);
  EXPECT_TRUE(wait_until([&] { return delivery_->run_in_lane("secondary", job).has_value(); }));
  EXPECT_EQ(done, 1);
}

TEST_F(DeliveryTest, AJobThatHangsIsLeftAndItsOutcomeUnknown) {
  start();
  std::promise<void> begun;
  std::promise<void> release;
  std::future<base::Status> asked = std::async(std::launch::async, [&] {
    return delivery_->run_in_lane("primary", [&, let = release.get_future().share()](warehouse::Warehouse&) {
      begun.set_value();
      let.wait();
      return base::Status();
    });
  });
  begun.get_future().wait();
  delivery_->cancel_jobs();
  EXPECT_EQ(asked.get().error().kind, ErrorKind::unknown_outcome);
  release.set_value();
  EXPECT_TRUE(wait_until([&] {
    const base::Status next = delivery_->run_in_lane("primary", [](auto&) { return base::Status(); });
    return !next && next.error().kind == ErrorKind::cancelled;
  }));
}

}  // namespace
}  // namespace twinshift::delivery
