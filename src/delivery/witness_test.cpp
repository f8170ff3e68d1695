// What a witness is told, by the threads around the machine and fakes.
#include "delivery/witness.hpp"

#include <map>
#include <mutex>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "backlog/queue_backlog.hpp"
#include "delivery/delivery.hpp"
#include "delivery/quick_limits_testing.hpp"
#include "tests/support/fake_quarantine.hpp"
#include "tests/support/fake_queue.hpp"
#include "tests/support/fake_warehouse.hpp"
#include "tests/support/log_capture.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::delivery {
namespace {

using namespace std::chrono_literals;
using tests::wait_until;

struct Told {
  std::string target;
  std::string batch_id;
  std::string statement_id;
  std::vector<warehouse::Outcome> outcomes;
  std::size_t rows = 0;
  bool from_backlog = false;
};

class Notebook final : public Witness {
 public:
  void received(std::span<const Arrival> arrivals) override {
    const std::lock_guard lock(mutex_);
    for (const Arrival& each : arrivals) messages_.push_back(each.event ? each.event->message_id : "none");
  }
  void landed(const Landing& landing) override {
    const std::lock_guard lock(mutex_);
    landed_.push_back({std::string(landing.target),
                       landing.batch.id,
                       std::string(landing.statement_id),
                       {landing.outcomes.begin(), landing.outcomes.end()},
                       landing.batch.events.size(),
                       landing.from_backlog});
  }
  void parked(std::string_view target, std::span<const event::EventId> events) override {
    const std::lock_guard lock(mutex_);
    parked_[std::string(target)] += events.size();
  }
  void quarantined(std::string_view target, std::span<const event::EventId> events) override {
    const std::lock_guard lock(mutex_);
    for (const event::EventId& each : events) quarantined_.push_back(std::string(target) + ' ' + each.hex());
  }

  std::vector<std::string> messages() const {
    const std::lock_guard lock(mutex_);
    return messages_;
  }
  std::vector<Told> landed(const std::string& target) const {
    const std::lock_guard lock(mutex_);
    std::vector<Told> found;
    for (const Told& each : landed_) {
      if (each.target == target) found.push_back(each);
    }
    return found;
  }
  std::size_t parked(const std::string& target) {
    const std::lock_guard lock(mutex_);
    return parked_[target];
  }
  std::vector<std::string> quarantined() const {
    const std::lock_guard lock(mutex_);
    return quarantined_;
  }

 private:
  mutable std::mutex mutex_;  // guards all below
  std::vector<std::string> messages_;
  std::vector<Told> landed_;
  std::map<std::string, std::size_t> parked_;
  std::vector<std::string> quarantined_;
};

class WitnessTest : public ::testing::Test {
 protected:
  ~WitnessTest() override { delivery_.reset(); }

  void start() {
    const TargetLimits limits = testing::quick_limits(50ms);
    Options options = testing::quick_options();
    options.witness = &told_;
    std::vector<TargetParts> targets(2);
    targets[0] = {.name = "primary",
                  .is_primary = true,
                  .warehouse = std::make_unique<tests::FakeWarehouse>(primary_),
                  .limits = limits};
    targets[1] = {.name = "secondary",
                  .warehouse = std::make_unique<tests::FakeWarehouse>(secondary_),
                  .backlog = &backlog_,
                  .limits = limits};
    delivery_ = std::make_unique<Delivery>(options, queue_, quarantine_, std::move(targets), base::system_clock());
    delivery_->start();
  }
  static std::string text_of(int number) { return fmt::format(R"({{"appsflyer_id":"{}"}})", number); }
  void enqueue(int number, const std::string& message) {
    queue_.enqueue({.body = text_of(number), .message_id = message}, [](auto) {});
  }

  tests::LogCapture log_;
  tests::FakeQueue queue_;
  tests::FakeQuarantine quarantine_;
  backlog::QueueBacklog backlog_{"secondary", std::make_unique<tests::FakeQueue>()};
  std::shared_ptr<tests::FakeTable> primary_ = std::make_shared<tests::FakeTable>();
  std::shared_ptr<tests::FakeTable> secondary_ = std::make_shared<tests::FakeTable>();
  Notebook told_;
  std::unique_ptr<Delivery> delivery_;
};

TEST_F(WitnessTest, IsToldOfMessagesAndOfEachTargetsBatch) {
  enqueue(1, "m1");
  enqueue(1, "m2");
  queue_.enqueue({.body = "no event", .message_id = "m3"}, [](auto) {});
  start();
  ASSERT_TRUE(wait_until([&] { return !told_.landed("primary").empty() && !told_.landed("secondary").empty(); }));
  const auto messages = told_.messages();
  EXPECT_EQ((std::vector(messages.begin(), messages.begin() + 3)), (std::vector<std::string>{"m1", "m2", "none"}));
  const Told landed = told_.landed("primary").at(0);
  EXPECT_FALSE(landed.batch_id.empty());
  EXPECT_FALSE(landed.statement_id.empty());
  EXPECT_EQ(landed.rows, 2U);
  EXPECT_EQ(landed.outcomes, (std::vector{warehouse::Outcome::written, warehouse::Outcome::duplicate}));
  EXPECT_FALSE(landed.from_backlog);
}

TEST_F(WitnessTest, IsToldThatAMarkerHasSettledABatch) {
  primary_->name_statements("statement-7");
  primary_->script({.error = {base::ErrorKind::unknown_outcome, "scripted", "fake", ""}, .commits = true});
  enqueue(1, "m1");
  start();
  ASSERT_TRUE(wait_until([&] { return !told_.landed("primary").empty(); }));
  EXPECT_TRUE(told_.landed("primary").at(0).outcomes.empty());
  EXPECT_EQ(told_.landed("primary").at(0).rows, 1U);
  EXPECT_EQ(told_.landed("primary").at(0).statement_id, "statement-7");
}

TEST_F(WitnessTest, IsToldWhatIsParkedAndWhatComesFromTheBacklog) {
  secondary_->fail_all(base::Error{base::ErrorKind::unavailable, "scripted", "fake", ""});
  enqueue(1, "m1");
  start();
  ASSERT_TRUE(wait_until([&] { return told_.parked("secondary") == 1; }));
  EXPECT_EQ(told_.parked("primary"), 0U);
  secondary_->fail_all(std::nullopt);
  ASSERT_TRUE(wait_until([&] { return !told_.landed("secondary").empty(); }));
  EXPECT_TRUE(told_.landed("secondary").at(0).from_backlog);
}

TEST_F(WitnessTest, IsToldWhatIsQuarantinedOnceItIsKept) {
  primary_->reject(text_of(5));
  quarantine_.fail_puts(base::Error{base::ErrorKind::full, "scripted", "fake", ""});
  for (int i = 0; i < 10; ++i) enqueue(i, fmt::format("m{}", i));
  start();
  ASSERT_TRUE(wait_until([&] { return log_.text().find("Failed to quarantine") != std::string::npos; }));
  EXPECT_TRUE(told_.quarantined().empty());
  quarantine_.fail_puts(std::nullopt);
  enqueue(20, "m20");
  ASSERT_TRUE(wait_until([&] { return !told_.quarantined().empty(); }));
  const auto event = event::decode_event(text_of(5), "", {});
  EXPECT_EQ(told_.quarantined().at(0), "primary " + (*event)->id.hex());
}

}  // namespace
}  // namespace twinshift::delivery
