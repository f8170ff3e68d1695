// The SQS driver against a server that is not ours: what the suite of all queues does not ask for. Run through
// tests/standin/with_servers.py --sqs.
#include <atomic>
#include <fstream>
#include <iterator>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.hpp"
#include "queue/drivers/sqs/sqs_admin.hpp"
#include "queue/drivers/sqs/sqs_queue.hpp"
#include "queue/drivers/sqs/sqs_server_testing.hpp"
#include "tests/support/queue_calls.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::queue {
namespace {

using namespace std::chrono_literals;
using base::ErrorKind;
using sqs::TestQueue;
using tests::wait_until;

std::unique_ptr<EventQueue> open(TestQueue& server, SqsQueueOptions options = {}) {
  options.queue_url = server.url();
  if (!options.caller) options.client = server.client();
  options.poll_wait = 1s;
  options.status_every = 50ms;
  auto opened = open_sqs_queue(std::move(options));
  EXPECT_TRUE(opened);
  return std::move(*opened);
}

std::vector<Lease> receive(EventQueue& queue, std::size_t count) {
  std::vector<Lease> out;
  wait_until([&] {
    for (Lease& each : tests::receive(queue, count - out.size(), 1s)) out.push_back(std::move(each));
    return out.size() == count;
  });
  EXPECT_EQ(out.size(), count);
  return out;
}

std::string noise(std::size_t bytes) {
  std::string text;
  for (std::uint32_t i = 0, state = 7; i < bytes; ++i) {
    text += static_cast<char>('0' + (state = state * 1'664'525U + 1'013'904'223U) % 75);
  }
  return text;
}

class SqsServerTest : public ::testing::Test {
 protected:
  SqsServerTest() {
    base::log::set_sink([](std::string_view) {});
  }
  ~SqsServerTest() override { base::log::set_sink({}); }
};

TEST_F(SqsServerTest, TakesWhatThePredecessorLeftInTheQueue) {
  std::ifstream file(std::string(TWINSHIFT_SOURCE_DIR) + "/tests/conformance/data/predecessor_message.json");
  std::string recorded{std::istreambuf_iterator<char>(file), {}};
  recorded.pop_back();  // the file's last newline
  TestQueue server;
  server.call("SendMessage",
              base::JsonObject()
                  .add("QueueUrl", server.url())
                  .add("MessageBody", recorded)
                  .add_raw("MessageAttributes", R"({"Source":{"DataType":"String","StringValue":"AppsFlyer"}})")
                  .text());
  const auto queue = open(server);
  const auto leases = receive(*queue, 1);
  ASSERT_EQ(leases.size(), 1U);
  const std::size_t data = recorded.find("\"data\":") + 7;
  EXPECT_EQ(leases[0].message.body, recorded.substr(data, recorded.size() - data - 1));
  EXPECT_EQ(leases[0].message.message_id, "7d3f6a52-9c1e-4b7a-8f60-2f1f0c9be0a4");
  EXPECT_EQ(leases[0].message.received_at, base::WallTime(1'704'110'403'417ms));
  EXPECT_TRUE(tests::acknowledge(*queue, {leases[0].receipt}));
}

TEST_F(SqsServerTest, SendsWhatThePredecessorsReaderTakes) {
  TestQueue server;
  const auto queue = open(server);
  ASSERT_TRUE(tests::enqueue(*queue, R"({"a":"ä"})", "id"));
  const std::string answer = server.call(
      "ReceiveMessage",
      base::JsonObject().add("QueueUrl", server.url()).add_raw("MessageAttributeNames", R"(["All"])").text());
  EXPECT_THAT(answer, ::testing::HasSubstr(R"(\"data\":{\"a\":\"ä\"}})"));
  EXPECT_THAT(answer, ::testing::HasSubstr(R"("StringValue":"AppsFlyer")"));
}

TEST_F(SqsServerTest, OneOfTenFailsAlone) {
  TestQueue server(R"({"MaximumMessageSize":"4096"})");
  // Such that the driver believes in a larger limit: it is the server that refuses.
  SqsQueueOptions options;
  options.queue_url = server.url();
  options.caller = [client = server.client()](const aws::Call& call) -> aws::Outcome<aws::Answer> {
    if (call.operation == "GetQueueAttributes") return aws::Answer{"{}", {}};
    return client->call(call);
  };
  options.send_threads = 1;
  auto queue = open_sqs_queue(std::move(options));
  ASSERT_TRUE(queue);
  std::atomic<int> good = 0;
  std::atomic<int> bad = 0;
  for (int i = 0; i < 10; ++i) {
    const std::string text = i == 4 ? noise(8'000) : "x";
    (*queue)->enqueue({"{\"n\":\"" + text + "\"}", std::to_string(i), {}},
                      [&](const base::Status& status) { ++(status ? good : bad); });
  }
  ASSERT_TRUE(wait_until([&] { return good + bad == 10; }));
  EXPECT_EQ(bad, 1);
  EXPECT_EQ(server.attribute("ApproximateNumberOfMessages"), "9");
}

TEST_F(SqsServerTest, AStaleHandleIsNoErrorAndDeletesNothingNewer) {
  TestQueue server;
  std::atomic<bool> receives = true;
  const auto queue =
      open(server, {.caller = [&, client = server.client()](const aws::Call& call) -> aws::Outcome<aws::Answer> {
                      if (call.operation == "ReceiveMessage" && !receives) return aws::Answer{"{}", {}};
                      return client->call(call);
                    },
                    .lease_timeout = 1s});
  ASSERT_TRUE(tests::enqueue(*queue, "{}"));
  const auto old = receive(*queue, 1);
  receives = false;
  // Somebody else's, once our lease has run out.
  std::string taken;
  ASSERT_TRUE(wait_until([&] {
    taken = server.call("ReceiveMessage", base::JsonObject().add("QueueUrl", server.url()).text());
    return taken.find("ReceiptHandle") != std::string::npos;
  }));
  EXPECT_TRUE(tests::acknowledge(*queue, {old[0].receipt}));
  EXPECT_EQ(server.attribute("ApproximateNumberOfMessagesNotVisible"), "1");
}

TEST_F(SqsServerTest, WhatIsGivenBackTooOftenIsInTheDeadLettersAndComesBack) {
  TestQueue dead;
  const std::string policy = R"({\"deadLetterTargetArn\":\")" + dead.arn() + R"(\",\"maxReceiveCount\":2})";
  TestQueue server(R"({"RedrivePolicy":")" + policy + "\"}");
  const auto queue = open(server);
  ASSERT_TRUE(tests::enqueue(*queue, R"({"a":1})", "the id"));
  for (std::uint32_t attempt = 1; attempt <= 2; ++attempt) {
    const auto lent = receive(*queue, 1);
    ASSERT_EQ(lent.size(), 1U);
    EXPECT_EQ(lent[0].attempt, attempt);
    queue->release({lent[0].receipt}, 0ms);
  }
  // The third receive is the server's occasion to move it.
  ASSERT_TRUE(
      wait_until([&] { return tests::receive(*queue, 1, 100ms).empty() && queue->status().dead_lettered == 1; }));

  const SqsAdminOptions admin{.queue_url = server.url(), .client = server.client()};
  auto overview = look_at_sqs_queue(admin);
  ASSERT_TRUE(overview);
  ASSERT_TRUE(overview->dead_letters);
  EXPECT_EQ(overview->dead_letters->depth(), 1U);
  const auto redriven = redrive_sqs_queue(admin);
  ASSERT_TRUE(redriven) << redriven.error().text();
  EXPECT_TRUE(redriven->is_task || redriven->moved == 1);
  const auto again = receive(*queue, 1);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].message.message_id, "the id");
  EXPECT_EQ(again[0].message.body, R"({"a":1})");
}

TEST_F(SqsServerTest, RedrivingWithoutDeadLettersSaysSo) {
  TestQueue server;
  const auto redriven = redrive_sqs_queue({.queue_url = server.url(), .client = server.client()});
  ASSERT_FALSE(redriven);
  EXPECT_EQ(redriven.error().kind, ErrorKind::not_found);
}

TEST_F(SqsServerTest, AFifoQueueKeepsTheOrderOfAGroupAndDropsTheSameMessageOnly) {
  TestQueue server(R"({"FifoQueue":"true"})", ".fifo");
  const auto queue = open(server);
  // White space: one content, so one group, in four messages; the last one is the first once more.
  for (const char* body : {"{}", "{ }", "{  }", "{   }", "{}"}) ASSERT_TRUE(tests::enqueue(*queue, body, "m"));
  std::vector<std::string> bodies;
  ASSERT_TRUE(wait_until([&] {
    std::vector<Receipt> receipts;
    for (Lease& each : tests::receive(*queue, 10, 1s)) {
      bodies.push_back(each.message.body);
      receipts.push_back(each.receipt);
    }
    EXPECT_TRUE(tests::acknowledge(*queue, receipts));  // frees the group
    return bodies.size() == 4;
  }));
  EXPECT_THAT(bodies, ::testing::ElementsAre("{}", "{ }", "{  }", "{   }"));
  EXPECT_TRUE(wait_until([&] { return queue->status().depth == 0; }));
}

TEST_F(SqsServerTest, AQueueThatIsGoneIsSaidAndMayComeBack) {
  TestQueue server;
  const auto queue = open(server);
  ASSERT_TRUE(tests::enqueue(*queue, "{}"));
  server.remove();
  const auto refused = tests::enqueue(*queue, "{}");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::not_found);
  EXPECT_THAT(refused.error().text(), ::testing::HasSubstr("QueueDoesNotExist"));
  ASSERT_TRUE(queue->status().trouble);
  const auto nothing = queue->receive(1, 200ms, {});
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().kind, ErrorKind::not_found);
  server.create();
  ASSERT_TRUE(tests::enqueue(*queue, R"({"back":1})"));
  EXPECT_EQ(receive(*queue, 1).at(0).message.body, R"({"back":1})");
}

TEST_F(SqsServerTest, TwoReadersShareAQueueAndOneGetsWhatTheOtherGaveBack) {
  TestQueue server;
  auto first = open(server);
  const auto second = open(server);
  constexpr std::size_t kMessages = 40;
  for (std::size_t i = 0; i < kMessages; ++i) {
    first->enqueue({"{\"n\":" + std::to_string(i) + "}", "m", {}},
                   [](const base::Status& status) { EXPECT_TRUE(status); });
  }
  ASSERT_TRUE(wait_until([&] { return second->status().depth == kMessages; }));
  ASSERT_EQ(receive(*first, 7).size(), 7U);
  first->close();
  std::set<std::string> bodies;
  for (const Lease& each : receive(*second, kMessages)) bodies.insert(each.message.body);
  EXPECT_EQ(bodies.size(), kMessages);
}

TEST_F(SqsServerTest, PacksAreTakenApartAndGoWithTheirLastEvent) {
  TestQueue server;
  const auto queue = open(server, {.events_per_message = 20});
  std::atomic<int> durable = 0;
  for (int i = 0; i < 200; ++i) {
    queue->enqueue({"{\"n\":" + std::to_string(i) + "}", std::to_string(i), {}},
                   [&](const base::Status& status) { durable += status ? 1 : 0; });
  }
  ASSERT_TRUE(wait_until([&] { return durable == 200; }));
  std::set<std::string> ids;
  std::vector<Receipt> receipts;
  for (const Lease& each : receive(*queue, 200)) {
    ids.insert(each.message.message_id);
    receipts.push_back(each.receipt);
  }
  EXPECT_EQ(ids.size(), 200U);
  EXPECT_TRUE(tests::acknowledge(*queue, receipts));
  EXPECT_TRUE(wait_until([&] { return queue->status().depth == 0; }));
}

}  // namespace
}  // namespace twinshift::queue
