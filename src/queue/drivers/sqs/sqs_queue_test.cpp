#include "queue/drivers/sqs/sqs_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.hpp"
#include "queue/drivers/sqs/fake_sqs_testing.hpp"
#include "tests/support/queue_calls.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::queue {
namespace {

using namespace std::chrono_literals;
using base::ErrorKind;
using sqs::FakeSqs;
using tests::wait_until;

class SqsQueueTest : public ::testing::Test {
 protected:
  SqsQueueTest() {
    base::log::set_sink([this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_ += line;
    });
  }
  ~SqsQueueTest() override {
    queue_.reset();
    base::log::set_sink({});
  }
  void open(SqsQueueOptions options = {}) {
    options.queue_url = "http://sqs/1/queue";
    options.caller = fake_.caller();
    options.status_every = 20ms;
    auto opened = open_sqs_queue(std::move(options));
    ASSERT_TRUE(opened) << opened.error().text();
    queue_ = std::move(*opened);
  }
  std::vector<Lease> receive_some() { return tests::receive(*queue_, 10, 20s); }
  std::string log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }

  std::mutex mutex_;
  std::string log_;
  FakeSqs fake_;
  std::unique_ptr<EventQueue> queue_;
};

TEST_F(SqsQueueTest, NothingIsReceivedUnlessSomebodyAsks) {
  open();
  fake_.put("{}");
  ASSERT_TRUE(tests::enqueue(*queue_, "{}"));  // a call that comes back shows that the threads run
  EXPECT_EQ(fake_.calls("ReceiveMessage"), 0U);
  EXPECT_FALSE(receive_some().empty());
  EXPECT_GT(fake_.calls("ReceiveMessage"), 0U);
}

TEST_F(SqsQueueTest, StockThatNobodyTakesIsGivenBackWithADelay) {
  open({.lease_timeout = 1s, .poll_wait = 0s});
  for (int i = 0; i < 3; ++i) fake_.put("{}");
  ASSERT_EQ(tests::receive(*queue_, 1, 20s).size(), 1U);
  // Until nobody has asked for a while; meanwhile it is extended.
  ASSERT_TRUE(wait_until([&] {
    const auto asked = fake_.visibilities();
    return std::ranges::any_of(asked, [](const auto& pair) { return pair.second == 30; });
  }));
}

TEST_F(SqsQueueTest, TakesThePredecessorsMessageAndABareOne) {
  open();
  fake_.put(R"({"id":"u","timestamp":"2024-01-01T12:00:00.000Z","data":{"a":1}})");
  const auto first = receive_some();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].message.body, R"({"a":1})");
  EXPECT_EQ(first[0].message.message_id, "u");
  fake_.put(R"({"b":1})", base::WallTime(1'700'000'000s));
  const auto second = receive_some();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].message.body, R"({"b":1})");
  EXPECT_EQ(second[0].message.message_id, "m2");
  EXPECT_EQ(second[0].message.received_at, base::WallTime(1'700'000'000s));
}

TEST_F(SqsQueueTest, ADamagedMessageIsNotLent) {
  open();
  fake_.breaks_bodies = true;
  fake_.put("{}");
  EXPECT_TRUE(tests::receive(*queue_, 1, 200ms).empty());
  ASSERT_TRUE(wait_until([&] { return fake_.visibilities().size() == 1; }));
  EXPECT_EQ(fake_.visibilities().begin()->second, 30);
  EXPECT_THAT(log(), ::testing::HasSubstr("MD5"));
}

TEST_F(SqsQueueTest, TellsWhyNothingCanBeReceivedAndGoesOnAfterwards) {
  open();
  fake_.set_call_fault([](const aws::Call&) { return FakeSqs::failure("QueueDoesNotExist", ErrorKind::not_found); });
  const auto nothing = queue_->receive(1, 50ms, {});
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().kind, ErrorKind::not_found);
  ASSERT_FALSE(tests::enqueue(*queue_, "{}"));
  EXPECT_TRUE(queue_->status().trouble);
  const std::size_t polls = fake_.calls("ReceiveMessage");
  EXPECT_LE(polls, 3U);  // it backs off
  fake_.set_call_fault({});
  ASSERT_TRUE(tests::enqueue(*queue_, "{}"));
  EXPECT_FALSE(queue_->status().trouble);
  EXPECT_TRUE(wait_until([&] { return !tests::receive(*queue_, 1, 1s).empty(); }));
}

TEST_F(SqsQueueTest, OpensAtAnSqsThatDoesNotAnswerAndAdvisesWhenItDoes) {
  fake_.attributes = R"({"DelaySeconds":"5"})";
  fake_.hold(true);
  open();  // hangs here where it waits for the answer
  EXPECT_FALSE(queue_->status().depth_known);
  EXPECT_TRUE(wait_until([&] { return fake_.calls("GetQueueAttributes") == 1; }));
  fake_.hold(false);
  EXPECT_TRUE(wait_until([&] { return log().find("DelaySeconds") != std::string::npos; }));
  EXPECT_TRUE(wait_until([&] { return queue_->status().depth_known; }));
}

TEST_F(SqsQueueTest, ReadsDepthAndDeadLettersInTheBackground) {
  fake_.attributes = R"({"ApproximateNumberOfMessages":"3","ApproximateNumberOfMessagesNotVisible":"2",)"
                     R"("RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:r:1:dead\",\"maxReceiveCount\":10}"})";
  open();
  ASSERT_TRUE(wait_until([&] { return queue_->status().depth_known; }));
  EXPECT_EQ(queue_->status().depth, 5U);
  EXPECT_EQ(queue_->status().dead_lettered, 5U);
  EXPECT_FALSE(queue_->status().drained_at) << "three wait, and five were set aside";
  const auto asked = fake_.bodies_of("GetQueueAttributes");
  EXPECT_THAT(asked[1], ::testing::HasSubstr("http://sqs/1/dead"));
  fake_.hold(true);  // status() waits for nobody
  EXPECT_EQ(queue_->status().depth, 5U);
  fake_.hold(false);
}

TEST_F(SqsQueueTest, TellsSinceWhenNothingWaits) {
  const base::WallTime begin = base::system_clock().now();
  fake_.attributes = R"({"ApproximateNumberOfMessages":"0","ApproximateNumberOfMessagesNotVisible":"2"})";
  open();
  ASSERT_TRUE(wait_until([&] { return queue_->status().depth_known; }));
  ASSERT_TRUE(queue_->status().drained_at) << "two are in somebody's hands";
  EXPECT_GE(*queue_->status().drained_at, begin);
}

TEST_F(SqsQueueTest, DoesWithoutTheAttributesWhereTheRightIsMissing) {
  fake_.set_call_fault([](const aws::Call& call) -> std::optional<aws::Failure> {
    if (call.operation != "GetQueueAttributes") return std::nullopt;
    return FakeSqs::failure("AccessDeniedException");
  });
  open();
  EXPECT_TRUE(wait_until([&] { return log().find("A right is missing") != std::string::npos; }));
  ASSERT_TRUE(tests::enqueue(*queue_, "{}"));
  EXPECT_EQ(receive_some().size(), 1U);
  EXPECT_EQ(fake_.calls("GetQueueAttributes"), 1U);
}

TEST_F(SqsQueueTest, APackIsDeletedWithItsLastEvent) {
  open({.send_threads = 1, .events_per_message = 3});
  std::atomic<int> answered = 0;
  fake_.hold(true);
  for (int i = 0; i < 4; ++i) {
    queue_->enqueue({"{\"n\":" + std::to_string(i) + "}", "m" + std::to_string(i), {}},
                    [&](const base::Status& status) { answered += status ? 1 : 100; });
  }
  fake_.hold(false);
  ASSERT_TRUE(wait_until([&] { return answered == 4; }));
  ASSERT_EQ(fake_.stored().size(), 2U);
  std::vector<Lease> leases;
  while (leases.size() < 4) {
    for (Lease& each : receive_some()) leases.push_back(std::move(each));
  }
  std::vector<Receipt> all;
  for (const Lease& each : leases) all.push_back(each.receipt);
  const Receipt last = all.back();
  all.pop_back();
  ASSERT_TRUE(tests::acknowledge(*queue_, all));
  EXPECT_EQ(fake_.stored().size(), 1U);
  EXPECT_EQ(queue_->status().in_flight, 1U);
  ASSERT_TRUE(tests::acknowledge(*queue_, {last}));
  EXPECT_EQ(fake_.stored().size(), 0U);
}

TEST_F(SqsQueueTest, AnOldMessageIsSentAgainThoughNobodyReceives) {
  fake_.put(R"({"id":"u","timestamp":"2024-01-01T12:00:00.000Z","data":{"a":1}})", base::system_clock().now() - 5h);
  fake_.put(R"({"bare":1})", base::WallTime(1'700'000'000s));
  fake_.put(R"({"young":1})");
  open({.renew_after = std::chrono::hours(1), .renew_first_after = 0ms});
  ASSERT_TRUE(wait_until([&] {
    const auto stored = fake_.stored();
    return stored.size() == 3 && std::ranges::all_of(stored, [](const FakeSqs::Stored& each) {
             return base::system_clock().now() - each.sent_at < 1min;
           });
  }));
  const auto leases = receive_some();
  std::map<std::string, Message> by_body;
  for (const Lease& each : leases) by_body[each.message.body] = each.message;
  EXPECT_EQ(by_body[R"({"a":1})"].message_id, "u");
  EXPECT_EQ(by_body[R"({"bare":1})"].message_id, "m2");
  EXPECT_EQ(by_body[R"({"bare":1})"].received_at, base::WallTime(1'700'000'000s));
}

TEST_F(SqsQueueTest, ASecondReaderGetsAtOnceWhatTheFirstGaveBack) {
  open({.poll_wait = 0s});
  for (int i = 0; i < 5; ++i) fake_.put("{}");
  ASSERT_EQ(tests::receive(*queue_, 1, 20s).size(), 1U);
  queue_->close();
  open();
  std::size_t count = 0;
  ASSERT_TRUE(wait_until([&] {
    count += tests::receive(*queue_, 10, 1s).size();
    return count == 5;
  }));
}

TEST_F(SqsQueueTest, RefusesWhatCannotWork) {
  const auto refused = [](SqsQueueOptions options) {
    const auto opened = open_sqs_queue(std::move(options));
    return !opened && opened.error().kind == ErrorKind::invalid;
  };
  SqsQueueOptions good{.queue_url = "http://sqs/1/queue", .client = nullptr, .caller = fake_.caller()};
  EXPECT_TRUE(refused({.queue_url = "http://sqs/1/queue", .client = nullptr}));
  for (const auto& spoil : std::initializer_list<void (*)(SqsQueueOptions&)>{
           [](SqsQueueOptions& o) { o.queue_url = "queue"; }, [](SqsQueueOptions& o) { o.lease_timeout = 10ms; },
           [](SqsQueueOptions& o) { o.poll_messages_max = 11; }, [](SqsQueueOptions& o) { o.poll_wait = 21s; },
           [](SqsQueueOptions& o) { o.events_per_message = 0; }}) {
    SqsQueueOptions bad = good;
    spoil(bad);
    EXPECT_TRUE(refused(std::move(bad)));
  }
}

}  // namespace
}  // namespace twinshift::queue
