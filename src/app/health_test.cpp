#include "app/health.hpp"

#include <gtest/gtest.h>

#include "tests/support/fake_quarantine.hpp"
#include "tests/support/fake_queue.hpp"
#include "tests/support/fake_warehouse.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;

class HealthTest : public ::testing::Test {
 protected:
  void start_delivery() {
    std::vector<delivery::TargetParts> targets(1);
    targets[0].name = "primary";
    targets[0].is_primary = true;
    targets[0].warehouse = std::make_unique<tests::FakeWarehouse>(table_);
    delivery_ = std::make_unique<delivery::Delivery>(delivery::Options{}, queue_, quarantine_, std::move(targets),
                                                     base::system_clock());
    delivery_->start();
  }

  tests::FakeQueue queue_;
  tests::FakeQuarantine quarantine_;
  std::shared_ptr<tests::FakeTable> table_ = std::make_shared<tests::FakeTable>();
  std::unique_ptr<delivery::Delivery> delivery_;
};

TEST_F(HealthTest, CountsSinceTheStartWhateverDeliveryCounted) {
  start_delivery();
  std::vector<delivery::TargetStatus> before(1);
  before[0].name = "primary";
  before[0].displaced = 7;
  Health health({.queue = &queue_, .delivery = delivery_.get(), .counted_before = &before}, base::system_clock());
  EXPECT_NE(health.ready().body.find(R"("valuesInExtra":7)"), std::string::npos);
}

TEST_F(HealthTest, ShowsExactlyWhatThePredecessorShowed) {
  const std::string text = Health({&queue_, nullptr}, base::system_clock()).health();
  EXPECT_EQ(text.find(R"({"status":"ok","timestamp":"20)"), 0U);
  EXPECT_NE(text.find(R"(Z","consumer":"disabled"})"), std::string::npos);
  start_delivery();
  EXPECT_NE(Health({&queue_, delivery_.get()}, base::system_clock()).health().find(R"("consumer":"enabled"})"),
            std::string::npos);
}

TEST_F(HealthTest, IsNotReadyWhileTheQueueCannotTake) {
  Health health({&queue_, nullptr}, base::system_clock());
  EXPECT_TRUE(health.ready().ready);
  queue_.fail_enqueues(base::Error{ErrorKind::full, "no room", "queue.db", ""});
  const auto state = health.ready();
  EXPECT_FALSE(state.ready);
  EXPECT_NE(state.body.find(R"("queue":{"status":"error")"), std::string::npos);
  queue_.fail_enqueues(std::nullopt);
  EXPECT_TRUE(health.ready().ready);
}

TEST_F(HealthTest, IsNotReadyOnceStopping) {
  Health health({&queue_, nullptr}, base::system_clock());
  health.stopping();
  EXPECT_FALSE(health.ready().ready);
}

// A start whose primary cannot be reached must not replace an instance that works; an outage later must not send events
// away from a queue that would have kept them.
TEST_F(HealthTest, WaitsForThePrimaryOnceAndKeepsTakingAfterwards) {
  table_->fail_all(base::Error{ErrorKind::unavailable, "refused", "primary", ""});
  start_delivery();
  Health health({&queue_, delivery_.get()}, base::system_clock());
  ASSERT_TRUE(
      tests::wait_until([&] { return delivery_->status().targets[0].state != delivery::TargetState::starting; }));
  EXPECT_FALSE(health.ready().ready);
  table_->fail_all(std::nullopt);
  queue_.enqueue({R"({"a":1})", "m-1", {}}, [](const base::Status&) {});
  ASSERT_TRUE(tests::wait_until([&] { return health.ready().ready; }));
  table_->fail_all(base::Error{ErrorKind::unavailable, "refused", "primary", ""});
  queue_.enqueue({R"({"a":2})", "m-2", {}}, [](const base::Status&) {});
  ASSERT_TRUE(tests::wait_until([&] { return delivery_->status().targets[0].state != delivery::TargetState::ok; }));
  EXPECT_TRUE(health.ready().ready);
}

// Nobody need have asked while all was well.
TEST_F(HealthTest, IsReadyWhereThePrimaryWasReachedBeforeAnybodyAsked) {
  start_delivery();
  ASSERT_TRUE(tests::wait_until([&] { return delivery_->status().targets[0].state == delivery::TargetState::ok; }));
  table_->fail_all(base::Error{ErrorKind::unavailable, "refused", "primary", ""});
  queue_.enqueue({R"({"a":1})", "m-1", {}}, [](const base::Status&) {});
  ASSERT_TRUE(tests::wait_until([&] { return delivery_->status().targets[0].state != delivery::TargetState::ok; }));
  EXPECT_TRUE(Health({&queue_, delivery_.get()}, base::system_clock()).ready().ready);
}

// New lanes know nothing of it, and a reload during an outage must not take the intake away either.
TEST_F(HealthTest, RemembersThePrimaryWhereLanesMakeWayForOthers) {
  start_delivery();
  const delivery::Delivery* lanes = delivery_.get();
  Health health([&] { return Parts{&queue_, lanes}; }, base::system_clock());
  ASSERT_TRUE(tests::wait_until([&] { return delivery_->status().targets[0].state == delivery::TargetState::ok; }));
  health.remember_primary();
  delivery_->stop(base::system_clock().steady());
  table_->fail_all(base::Error{ErrorKind::unavailable, "refused", "primary", ""});
  start_delivery();
  lanes = delivery_.get();
  EXPECT_FALSE(delivery_->status().targets[0].reached);
  EXPECT_TRUE(health.ready().ready);
}

}  // namespace
}  // namespace twinshift::app
