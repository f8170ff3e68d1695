#include "queue/drivers/sqs/calls.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "queue/drivers/sqs/queue_facts.hpp"

namespace twinshift::queue::sqs {
namespace {

using namespace std::chrono_literals;

constexpr const char* kUrl = "http://sqs/1/q";

TEST(SqsRequests, AreWhatTheApiAsksFor) {
  EXPECT_EQ(receive_request(kUrl, {.messages_max = 10, .wait = 20s, .visibility = 60s}),
            R"({"QueueUrl":"http://sqs/1/q","MaxNumberOfMessages":10,"WaitTimeSeconds":20,"VisibilityTimeout":60,)"
            R"("MessageSystemAttributeNames":["ApproximateReceiveCount","SentTimestamp","MessageGroupId"],)"
            R"("MessageAttributeNames":["Source"]})");
  EXPECT_EQ(
      delete_batch_request(kUrl, std::vector<std::string>{"a", "b\"c"}),
      R"({"QueueUrl":"http://sqs/1/q","Entries":[{"Id":"0","ReceiptHandle":"a"},{"Id":"1","ReceiptHandle":"b\"c"}]})");
  EXPECT_EQ(visibility_batch_request(kUrl, std::vector<VisibilityChange>{{"a", 0s}, {"b", 39600s}}),
            R"({"QueueUrl":"http://sqs/1/q","Entries":[{"Id":"0","ReceiptHandle":"a","VisibilityTimeout":0},)"
            R"({"Id":"1","ReceiptHandle":"b","VisibilityTimeout":39600}]})");
  EXPECT_EQ(send_batch_request(kUrl, std::vector<Outgoing>{{"{}", "7f", "dedup", false}}),
            R"({"QueueUrl":"http://sqs/1/q","Entries":[{"Id":"0","MessageBody":"{}",)"
            R"("MessageGroupId":"7f","MessageDeduplicationId":"dedup"}]})");
}

TEST(SqsAnswers, BatchResultsAreReadEntryByEntry) {
  const auto answer = read_batch_answer(
      R"({"Failed":[{"Id":"1","SenderFault":true,"Code":"com.amazonaws.sqs#InvalidMessageContents","Message":"m"}],)"
      R"("Successful":[{"Id":"0","MessageId":"x","MD5OfMessageBody":"b","MD5OfMessageAttributes":"a"},{"Id":"2"}]})");
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->successes.size(), 2U);
  EXPECT_EQ(answer->successes[0].md5_of_attributes, "a");
  EXPECT_EQ(answer->successes[1].index, 2U);
  ASSERT_EQ(answer->failures.size(), 1U);
  EXPECT_EQ(answer->failures[0].code, "InvalidMessageContents");
  EXPECT_TRUE(answer->failures[0].sender_fault);
}

TEST(SqsAnswers, WhatIsNoAnswerOfSqsIsAnError) {
  for (const char* text : {"", "<html>", "[]", "{}", R"({"Successful":[{"Id":"x"}]})", R"({"Failed":[{}]})"}) {
    EXPECT_FALSE(read_batch_answer(text)) << text;
  }
  EXPECT_FALSE(read_receive_answer("<html>"));
  EXPECT_FALSE(read_attributes_answer("["));
}

TEST(SqsAnswers, MessagesAreReadWhole) {
  EXPECT_TRUE(read_receive_answer("{}")->empty());
  const auto messages = read_receive_answer(
      R"({"Messages":[{"MessageId":"i","ReceiptHandle":"h","Body":"{\"a\":\"\u00e4\"}","MD5OfBody":"m","Attributes":)"
      R"({"ApproximateReceiveCount":"4","SentTimestamp":"1704110400123","MessageGroupId":"7f"},)"
      R"("MessageAttributes":{"Source":{"DataType":"String","StringValue":"AppsFlyer"}}},{"Body":"x"}]})");
  ASSERT_TRUE(messages);
  ASSERT_EQ(messages->size(), 2U);
  const Incoming& first = messages->front();
  EXPECT_EQ(first.body, "{\"a\":\"\xC3\xA4\"}");
  EXPECT_EQ(first.receive_count, 4U);
  EXPECT_EQ(first.sent_at, base::WallTime(1'704'110'400'123ms));
  EXPECT_EQ(first.group, "7f");
  EXPECT_TRUE(first.is_from_appsflyer);
  EXPECT_FALSE((*messages)[1].is_from_appsflyer);
}

TEST(SqsAnswers, FailuresAreSortedByTheirCode) {
  EXPECT_TRUE(is_code("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"));
  EXPECT_TRUE(is_code("AWS.SimpleQueueService.BatchRequestTooLong", "BatchRequestTooLong"));
  EXPECT_TRUE(is_worth_retrying({.code = "InternalError"}));
  EXPECT_TRUE(is_worth_retrying({.code = "RequestThrottled", .sender_fault = true}));
  EXPECT_FALSE(is_worth_retrying({.code = "InvalidMessageContents", .sender_fault = true}));
  EXPECT_TRUE(is_stale({.code = "ReceiptHandleIsInvalid", .sender_fault = true}));
  EXPECT_TRUE(
      is_stale({.code = "InvalidParameterValue",
                .message = "Value x for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."}));
  EXPECT_FALSE(is_stale({.code = "InvalidParameterValue", .message = "Value x for parameter VisibilityTimeout"}));
}

TEST(SqsFacts, AreReadFromTheAttributes) {
  const auto facts =
      facts_from({{"ApproximateNumberOfMessages", "3"},
                  {"ApproximateNumberOfMessagesDelayed", "1"},
                  {"ApproximateNumberOfMessagesNotVisible", "x"},
                  {"MaximumMessageSize", "262144"},
                  {"MessageRetentionPeriod", "345600"},
                  {"FifoQueue", "true"},
                  {"RedrivePolicy", R"({"deadLetterTargetArn":"arn:aws:sqs:r:1:dlq","maxReceiveCount":"3"})"}});
  EXPECT_EQ(facts.depth(), 4U);
  EXPECT_EQ(facts.message_bytes_max, 262'144U);
  EXPECT_EQ(facts.retention, 96h);
  EXPECT_TRUE(facts.is_fifo);
  EXPECT_EQ(facts.receives_max, 3U);
  EXPECT_EQ(dead_letter_url("https://sqs.r.amazonaws.com/1/q", facts.dead_letter_arn),
            "https://sqs.r.amazonaws.com/1/dlq");
  EXPECT_EQ(dead_letter_url("https://x/1/q", ""), "");
}

std::string advice(const QueueFacts& queue, const std::optional<QueueFacts>& dead_letters = {},
                   bool wants_dead_letters = true) {
  std::string text;
  for (const Advice& each : advice_on(queue, dead_letters, {.lease = 60s, .wants_dead_letters = wants_dead_letters}))
    text += each.message + "|" + each.hint + "\n";
  return text;
}

TEST(SqsFacts, GiveAdviceWhereTheyDoNotFit) {
  QueueFacts good;
  good.dead_letter_arn = "arn:aws:sqs:r:1:dlq";
  good.receives_max = 10;
  good.retention = 96h;
  good.visibility = 60s;
  QueueFacts dead;
  dead.retention = 14 * 24h;
  EXPECT_EQ(advice(good, dead), "");
  EXPECT_THAT(advice(good, dead, false), ::testing::HasSubstr("Remove its RedrivePolicy"));
  QueueFacts alone = good;
  alone.dead_letter_arn.clear();
  EXPECT_EQ(advice(alone, {}, false), "");
  const auto expect_advice = [&](auto spoil, const char* word) {
    QueueFacts queue = good;
    QueueFacts dead_letters = dead;
    spoil(queue, dead_letters);
    EXPECT_THAT(advice(queue, dead_letters), ::testing::HasSubstr(word));
  };
  expect_advice([](QueueFacts& q, QueueFacts&) { q.dead_letter_arn.clear(); }, "RedrivePolicy");
  expect_advice([](QueueFacts& q, QueueFacts&) { q.receives_max = 3; }, "maxReceiveCount");
  expect_advice([](QueueFacts&, QueueFacts& d) { d.retention = 96h; }, "14 days");
  expect_advice([](QueueFacts& q, QueueFacts&) { q.retention = 1h; }, "MessageRetentionPeriod");
  expect_advice([](QueueFacts& q, QueueFacts&) { q.visibility = 30s; }, "QUEUE_LEASE_TIMEOUT");
  expect_advice([](QueueFacts& q, QueueFacts&) { q.message_bytes_max = 262'144; }, "MaximumMessageSize");
  expect_advice([](QueueFacts& q, QueueFacts&) { q.delay = 5s; }, "DelaySeconds");
  expect_advice([](QueueFacts& q, QueueFacts&) { q.is_fifo = true; }, "FifoThroughputLimit");
}

}  // namespace
}  // namespace twinshift::queue::sqs
