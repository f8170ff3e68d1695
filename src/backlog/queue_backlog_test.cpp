#include "backlog/queue_backlog.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/fake_queue.hpp"

namespace twinshift::backlog {
namespace {

using tests::FakeQueue;
using namespace std::chrono_literals;

std::vector<event::EventPtr> make_events(int count) {
  std::vector<event::EventPtr> events;
  for (int i = 0; i < count; ++i) {
    auto event = std::make_shared<event::Event>();
    event->json = fmt::format(R"({{"n":{}}})", i);
    event->message_id = fmt::format("m{}", i);
    event->received_at = base::WallTime(std::chrono::seconds(i));
    events.push_back(std::move(event));
  }
  return events;
}

class QueueBacklogTest : public testing::Test {
 protected:
  QueueBacklogTest() {
    auto queue = std::make_unique<FakeQueue>();
    queue_ = queue.get();
    backlog_ = std::make_unique<QueueBacklog>("secondary", std::move(queue));
  }
  queue::Done counted() {
    return [this](base::Status status) {
      ++answers_;
      last_ = std::move(status);
    };
  }
  FakeQueue* queue_ = nullptr;
  std::unique_ptr<Backlog> backlog_;
  int answers_ = 0;
  base::Status last_;
};

TEST_F(QueueBacklogTest, KeepsWhatAnEventIsMadeOf) {
  backlog_->park(make_events(3), counted());
  EXPECT_EQ(answers_, 1);
  EXPECT_TRUE(last_);
  EXPECT_EQ(backlog_->status().owed, 3U);
  const auto leases = backlog_->receive(10, 0ms, {});
  ASSERT_TRUE(leases);
  ASSERT_EQ(leases->size(), 3U);
  EXPECT_EQ((*leases)[2].message.body, R"({"n":2})");
  EXPECT_EQ((*leases)[2].message.message_id, "m2");
  EXPECT_EQ((*leases)[2].message.received_at, base::WallTime(2s));
}

TEST_F(QueueBacklogTest, AnswersOnceWithTheErrorOfAGroup) {
  queue_->fail_enqueues(base::Error{base::ErrorKind::full, "disk full", "fake", {}});
  backlog_->park(make_events(5), counted());
  EXPECT_EQ(answers_, 1);
  ASSERT_FALSE(last_);
  EXPECT_EQ(last_.error().kind, base::ErrorKind::full);
  EXPECT_TRUE(backlog_->status().trouble);
}

TEST_F(QueueBacklogTest, AnEmptyGroupIsDone) {
  backlog_->park({}, counted());
  EXPECT_EQ(answers_, 1);
  EXPECT_TRUE(last_);
}

TEST_F(QueueBacklogTest, AcknowledgedEventsAreNoLongerOwed) {
  backlog_->park(make_events(3), counted());
  const auto leases = backlog_->receive(2, 0ms, {});
  ASSERT_TRUE(leases);
  backlog_->acknowledge({(*leases)[0].receipt}, counted());
  EXPECT_EQ(backlog_->status().owed, 2U);
  backlog_->release({(*leases)[1].receipt}, 0ms);
  EXPECT_EQ(backlog_->receive(10, 0ms, {})->size(), 2U);
}

}  // namespace
}  // namespace twinshift::backlog
