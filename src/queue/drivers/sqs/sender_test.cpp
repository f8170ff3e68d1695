#include "queue/drivers/sqs/sender.hpp"

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "queue/drivers/sqs/envelope.hpp"
#include "queue/drivers/sqs/fake_sqs_testing.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::queue::sqs {
namespace {

using namespace std::chrono_literals;
using base::ErrorKind;

class SenderTest : public ::testing::Test {
 protected:
  ~SenderTest() override { base::log::set_sink({}); }
  SenderTest() {
    base::log::set_sink([this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_ += line;
    });
  }
  void open(SenderOptions options = {}) {
    options.caller = fake_.caller();
    options.queue_url = "http://sqs/1/queue";
    sender_.emplace(std::move(options), complaints_);
  }
  std::future<base::Status> send(std::string body, std::string id = "id") {
    auto promise = std::make_shared<std::promise<base::Status>>();
    sender_->send({std::move(body), std::move(id), {}},
                  [promise](base::Status status) { promise->set_value(std::move(status)); });
    return promise->get_future();
  }
  // So many at once: the first one's call is held until all are there.
  std::vector<base::Status> send_together(int count) {
    std::vector<std::future<base::Status>> answers;
    fake_.hold(true);
    for (int i = 0; i < count; ++i) {
      answers.push_back(send("{\"n\":" + std::to_string(i) + "}"));
      const bool is_under_way = i > 0 || tests::wait_until([&] { return fake_.calls("SendMessageBatch") > 0; });
      EXPECT_TRUE(is_under_way);
    }
    fake_.hold(false);
    std::vector<base::Status> out;
    for (auto& each : answers) out.push_back(each.get());
    return out;
  }
  std::string log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }

  std::mutex mutex_;
  std::string log_;
  FakeSqs fake_;
  Complaints complaints_{"queue, http://sqs/1/queue"};
  std::optional<Sender> sender_;
};

TEST_F(SenderTest, SendsTheEnvelopeWithItsAttribute) {
  open();
  ASSERT_TRUE(send(R"({"a":"b"})").get());
  ASSERT_EQ(fake_.stored().size(), 1U);
  EXPECT_EQ(fake_.stored()[0].body, R"({"id":"id","timestamp":"1970-01-01T00:00:00.000Z","data":{"a":"b"}})");
  EXPECT_EQ(fake_.bodies_of("SendMessageBatch")[0],
            R"({"QueueUrl":"http://sqs/1/queue","Entries":[{"Id":"0","MessageBody":)"
            R"("{\"id\":\"id\",\"timestamp\":\"1970-01-01T00:00:00.000Z\",\"data\":{\"a\":\"b\"}}",)"
            R"("MessageAttributes":{"Source":{"DataType":"String","StringValue":"AppsFlyer"}}}]})");
}

TEST_F(SenderTest, RequestsThatArriveTogetherShareCalls) {
  open({.threads = 2, .gather_max = 1h});
  const auto answers = send_together(21);
  EXPECT_EQ(std::ranges::count_if(answers, [](const auto& each) { return each.has_value(); }), 21);
  EXPECT_EQ(fake_.stored().size(), 21U);
  EXPECT_EQ(fake_.calls("SendMessageBatch"), 3U);  // the first alone
}

TEST_F(SenderTest, PacksSeveralEventsIntoAMessage) {
  open({.events_per_message = 4, .threads = 1, .gather_max = 1h});
  std::vector<std::future<base::Status>> answers;
  for (int i = 0; i < 42; ++i) answers.push_back(send("{\"n\":" + std::to_string(i) + "}"));
  for (std::size_t i = 0; i < 40; ++i) EXPECT_TRUE(answers[i].get());  // ten full packs: nothing waits for the hour
  EXPECT_EQ(fake_.calls("SendMessageBatch"), 1U);
  sender_->close(10s);  // sends what still gathers
  for (std::size_t i = 40; i < 42; ++i) EXPECT_TRUE(answers[i].get());
  const auto stored = fake_.stored();
  ASSERT_EQ(stored.size(), 11U);
  EXPECT_EQ(fake_.calls("SendMessageBatch"), 2U);
  EXPECT_EQ(read_body(stored[0].body, {}).events.size(), 4U);
  EXPECT_EQ(read_body(stored[10].body, {}).events[1].body, R"({"n":41})");
}

// What a reader would not unfold is not put together.
TEST_F(SenderTest, APackUnfoldsToNoMoreThanAReaderTakes) {
  open({.events_per_message = 3, .threads = 1, .gather_max = 1h});
  const std::string large = R"({"a":")" + std::string(kUnfoldedBytesMax / 2, 'x') + "\"}";
  std::vector<std::future<base::Status>> answers;
  for (int i = 0; i < 3; ++i) answers.push_back(send(large));  // as many as share a message, but for their size
  sender_->close(30s);
  for (auto& each : answers) EXPECT_TRUE(each.get());
  EXPECT_EQ(fake_.stored().size(), 3U);
  for (const auto& each : fake_.stored()) EXPECT_FALSE(read_body(each.body, {}).is_oversized);
}

TEST_F(SenderTest, EachIsAnsweredByItsOwnEntry) {
  open({.threads = 1, .gather_max = 1h});
  fake_.set_entry_fault([](std::string_view, std::string_view text) -> std::optional<std::string> {
    if (text.find("\"n\":3") != std::string_view::npos) return "InvalidMessageContents";
    if (text.find("\"n\":5") != std::string_view::npos) return "mismatch";
    return std::nullopt;
  });
  const auto answers = send_together(8);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (i == 3) {
      ASSERT_FALSE(answers[i]);
      EXPECT_EQ(answers[i].error().kind, ErrorKind::invalid);
    } else if (i == 5) {
      ASSERT_FALSE(answers[i]);
      EXPECT_THAT(answers[i].error().message, ::testing::HasSubstr("MD5"));
    } else {
      EXPECT_TRUE(answers[i]) << i;
    }
  }
}

TEST_F(SenderTest, SendsAgainWhatSqsAsksToSendAgain) {
  open({.threads = 1, .gather_max = 1h});
  std::atomic<int> left = 2;
  fake_.set_entry_fault([&](std::string_view, std::string_view text) -> std::optional<std::string> {
    if (text.find("\"n\":1") == std::string_view::npos || left == 0) return std::nullopt;
    return left-- == 2 ? "ServiceUnavailable" : "missing";  // half an answer
  });
  for (const auto& each : send_together(4)) EXPECT_TRUE(each);
  EXPECT_EQ(fake_.stored().size(), 4U);
  EXPECT_EQ(fake_.calls("SendMessageBatch"), 4U);
}

TEST_F(SenderTest, GivesUpAfterAFewTriesAndSaysSoOnce) {
  open({.threads = 1, .gather_max = 1h});
  fake_.set_entry_fault([](std::string_view, std::string_view) { return "ThrottlingException"; });
  for (const auto& each : send_together(3)) {
    ASSERT_FALSE(each);
    EXPECT_EQ(each.error().kind, ErrorKind::throttled);
  }
  EXPECT_EQ(fake_.calls("SendMessageBatch"), 6U);
  ASSERT_TRUE(complaints_.last(Action::send));
  const std::string lines = log();
  EXPECT_EQ(lines.find("Failed to push data to SQS"), lines.rfind("Failed to push data to SQS"));
  EXPECT_EQ(lines.find("\\\"n\\\""), std::string::npos);
  fake_.set_entry_fault({});
  EXPECT_TRUE(send("{}").get());
  EXPECT_FALSE(complaints_.last(Action::send));
}

TEST_F(SenderTest, AFailedCallIsEverybodysAnswer) {
  open({.threads = 1, .gather_max = 1h});
  fake_.set_call_fault([](const aws::Call&) { return FakeSqs::failure("QueueDoesNotExist", ErrorKind::not_found); });
  for (const auto& each : send_together(3)) {
    ASSERT_FALSE(each);
    EXPECT_EQ(each.error().kind, ErrorKind::not_found);
  }
}

TEST_F(SenderTest, HalvesABatchThatSqsFindsTooLong) {
  open({.threads = 1, .gather_max = 1h});
  fake_.set_call_fault([](const aws::Call& call) -> std::optional<aws::Failure> {
    if (call.body.find(R"("Id":"3")") == std::string::npos) return std::nullopt;
    return FakeSqs::failure("BatchRequestTooLong", ErrorKind::invalid);
  });
  for (const auto& each : send_together(9)) EXPECT_TRUE(each);
  EXPECT_EQ(fake_.stored().size(), 9U);
}

TEST_F(SenderTest, TakesNoMoreThanItsBounds) {
  open({.threads = 1, .inbox_messages_max = 3});
  const auto answers = send_together(5);
  EXPECT_EQ(std::ranges::count_if(answers, [](const auto& each) { return each.has_value(); }), 3);
  ASSERT_FALSE(answers[4]);
  EXPECT_EQ(answers[4].error().kind, ErrorKind::full);
  EXPECT_TRUE(send("{}").get());
}

TEST_F(SenderTest, RespectsASmallerQueue) {
  open();
  sender_->set_message_bytes_max(1024);
  EXPECT_TRUE(send(R"({"a":")" + std::string(5000, 'x') + "\"}").get());
  EXPECT_LE(fake_.stored()[0].body.size(), 1024U - kAttributeBytes);
}

TEST_F(SenderTest, AFifoQueueGetsGroupsByContentAndDropsOnlyTheSameMessage) {
  open({.is_fifo = true, .threads = 1});
  ASSERT_TRUE(send(R"({"a":1})", "one").get());
  ASSERT_TRUE(send(R"({ "a" : 1.0 })", "two").get());  // the same event by content
  ASSERT_TRUE(send(R"({"a":1})", "one").get());        // the same message
  ASSERT_TRUE(send(R"({"a":2})", "one").get());        // a stranger's careless id
  const auto stored = fake_.stored();
  ASSERT_EQ(stored.size(), 4U);
  EXPECT_EQ(stored[0].group.size(), 2U);
  EXPECT_EQ(stored[0].group, stored[1].group);
  EXPECT_NE(stored[0].deduplication_id, stored[1].deduplication_id);
  EXPECT_EQ(stored[0].deduplication_id, stored[2].deduplication_id);
  EXPECT_NE(stored[0].deduplication_id, stored[3].deduplication_id);
}

TEST_F(SenderTest, ClosingSendsWhatWaitsAndAnswersTheRest) {
  open({.threads = 1, .gather_max = 1h});
  fake_.hold(true);
  auto first = send("{}");
  auto second = send("{}");
  sender_->close(10ms);  // the call hangs
  for (auto* each : {&first, &second}) {
    const auto answer = each->get();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::cancelled);
  }
  EXPECT_EQ(send("{}").get().error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace twinshift::queue::sqs
