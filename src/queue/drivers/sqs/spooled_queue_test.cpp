#include "queue/drivers/sqs/spooled_queue.hpp"

#include <gtest/gtest.h>

#include "tests/support/fake_queue.hpp"
#include "tests/support/queue_calls.hpp"
#include "tests/support/queue_handle.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::queue {
namespace {

using namespace std::chrono_literals;
using base::ErrorKind;
using tests::FakeQueue;
using tests::wait_until;

// A queue that does not answer while it is held.
class SlowQueue final : public tests::QueueHandle {
 public:
  using QueueHandle::QueueHandle;
  void enqueue(Message message, Done done) override {
    {
      const std::lock_guard lock(mutex_);
      if (held_) return kept_.push_back({std::move(message), std::move(done)});
    }
    QueueHandle::enqueue(std::move(message), std::move(done));
  }
  void close() override { hold(false); }

  void hold(bool held) {
    std::vector<std::pair<Message, Done>> kept;
    {
      const std::lock_guard lock(mutex_);
      held_ = held;
      if (!held) kept.swap(kept_);
    }
    for (auto& [message, done] : kept) QueueHandle::enqueue(std::move(message), std::move(done));
  }

 private:
  std::mutex mutex_;
  bool held_ = false;
  std::vector<std::pair<Message, Done>> kept_;
};

base::Error error(ErrorKind kind) {
  return {kind, "scripted", "fake", {}};
}

class SpooledQueueTest : public ::testing::Test {
 protected:
  SpooledQueueTest() {
    auto front = std::make_unique<SlowQueue>(front_);
    slow_ = front.get();
    auto spool = std::make_unique<SlowQueue>(spool_);
    queue_ = make_spooled_queue(
        std::move(front), std::move(spool),
        {.patience = 50ms, .retry_first = 5ms, .retry_most = 20ms, .close_max = 100ms, .thread_name = "t"});
  }

  std::shared_ptr<FakeQueue> front_ = std::make_shared<FakeQueue>();
  std::shared_ptr<FakeQueue> spool_ = std::make_shared<FakeQueue>();
  SlowQueue* slow_ = nullptr;
  std::unique_ptr<EventQueue> queue_;
};

TEST_F(SpooledQueueTest, IsNotInTheWayOfAQueueThatIsWell) {
  EXPECT_TRUE(tests::enqueue(*queue_, "a"));
  EXPECT_EQ(front_->depth(), 1U);
  EXPECT_EQ(spool_->depth(), 0U);
  const auto leases = tests::receive(*queue_, 1);
  ASSERT_EQ(leases.size(), 1U);
  EXPECT_TRUE(tests::acknowledge(*queue_, {leases[0].receipt}));
  EXPECT_EQ(front_->depth(), 0U);
}

TEST_F(SpooledQueueTest, KeepsWhatTheQueueCannotTakeAndMovesItLater) {
  front_->fail_enqueues(error(ErrorKind::unavailable));
  for (const char* body : {"a", "b", "c"}) EXPECT_TRUE(tests::enqueue(*queue_, body, body));
  EXPECT_EQ(queue_->status().spooled, 3U);
  EXPECT_FALSE(queue_->status().trouble);
  front_->fail_enqueues({});
  ASSERT_TRUE(wait_until([&] { return spool_->depth() == 0; }));
  const auto leases = tests::receive(*queue_, 10);
  ASSERT_EQ(leases.size(), 3U);
  EXPECT_EQ(leases[0].message.message_id, leases[0].message.body);
  EXPECT_TRUE(tests::enqueue(*queue_, "d"));
  EXPECT_EQ(spool_->depth(), 0U);
}

TEST_F(SpooledQueueTest, AQueueThatDoesNotAnswerCostsNobodyHisAnswer) {
  slow_->hold(true);
  EXPECT_TRUE(tests::enqueue(*queue_, "a"));  // by the spool
  EXPECT_EQ(spool_->depth(), 1U);
  slow_->hold(false);  // the late answer is not a second one; both have it now
  ASSERT_TRUE(wait_until([&] { return spool_->depth() == 0; }));
  EXPECT_EQ(front_->depth(), 2U);
}

TEST_F(SpooledQueueTest, WhatIsWrongWithTheMessageIsNotMendedByWaiting) {
  front_->fail_enqueues(error(ErrorKind::invalid));
  const auto answer = tests::enqueue(*queue_, "a");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::invalid);
  EXPECT_EQ(spool_->depth(), 0U);
}

TEST_F(SpooledQueueTest, SaysSoWhereTheSpoolIsFullToo) {
  front_->fail_enqueues(error(ErrorKind::unavailable));
  spool_->fail_enqueues(error(ErrorKind::full));
  const auto answer = tests::enqueue(*queue_, "a");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::full);
  EXPECT_TRUE(queue_->status().trouble);
}

TEST_F(SpooledQueueTest, AMessageThatTheQueueNeverTakesHoldsUpNoOther) {
  front_->fail_enqueues(error(ErrorKind::unavailable));
  EXPECT_TRUE(tests::enqueue(*queue_, "unfit"));
  front_->fail_enqueues(error(ErrorKind::invalid));
  ASSERT_TRUE(wait_until([&] { return spool_->released() > 0; }));
  front_->fail_enqueues(error(ErrorKind::unavailable));
  EXPECT_TRUE(tests::enqueue(*queue_, "fit"));
  front_->fail_enqueues({});
  ASSERT_TRUE(wait_until([&] { return front_->depth() >= 1; }));
  EXPECT_TRUE(tests::enqueue(*queue_, "next"));
  ASSERT_TRUE(wait_until([&] { return spool_->depth() <= 1; }));
}

TEST_F(SpooledQueueTest, ClosingKeepsWhatTheQueueCannotSendAnyMore) {
  slow_->hold(true);
  std::atomic<int> answered = 0;
  queue_->enqueue({"a", "m", {}}, [&](const base::Status& status) { answered += status ? 1 : 100; });
  front_->fail_enqueues(error(ErrorKind::cancelled));
  queue_->close();  // lets the held one go, which fails
  EXPECT_EQ(answered, 1);
  EXPECT_EQ(spool_->depth(), 1U);
  queue_->close();
}

}  // namespace
}  // namespace twinshift::queue
