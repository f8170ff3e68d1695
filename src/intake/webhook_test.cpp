// The webhook over real sockets, with a queue that does what the test tells it.
#include "intake/webhook.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>

#include <gtest/gtest.h>

#include "http/client.hpp"

namespace twinshift::intake {
namespace {

using namespace std::chrono_literals;
using base::ErrorKind;

class ScriptedQueue final : public queue::EventQueue {
 public:
  void enqueue(queue::Message message, queue::Done done) override {
    const std::lock_guard lock(mutex_);
    messages.push_back(std::move(message));
    if (hold) {
      held_.push_back(std::move(done));
    } else {
      done(outcome);
    }
    changed_.notify_all();
  }
  base::Result<std::vector<queue::Lease>> receive(std::size_t, std::chrono::milliseconds, std::stop_token) override {
    return std::vector<queue::Lease>{};
  }
  void acknowledge(std::vector<queue::Receipt>, queue::Done done) override { done({}); }
  void release(const std::vector<queue::Receipt>&, std::chrono::milliseconds) override {}
  void extend(const std::vector<queue::Receipt>&, std::chrono::milliseconds) override {}
  queue::QueueStatus status() override { return {}; }
  base::Result<queue::Arrivals> count_arrivals() override { return queue::Arrivals{}; }
  void close() override {}

  void wait_for_messages(std::size_t count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, 30s, [&] { return messages.size() >= count; }));
  }
  void finish_held() {
    const std::lock_guard lock(mutex_);
    for (auto& done : held_) done({});
    held_.clear();
  }

  std::deque<queue::Message> messages;
  base::Status outcome;
  bool hold = false;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<queue::Done> held_;
};

class KeptBodies final : public queue::RefusedStore {
 public:
  void keep(queue::RefusedBody body, queue::Done done) override {
    {
      const std::lock_guard lock(mutex);
      bodies.push_back(std::move(body));
    }
    done({});
  }
  base::Result<std::vector<queue::RefusedEntry>> list(std::size_t) override {
    return std::vector<queue::RefusedEntry>{};
  }
  base::Result<std::string> body(std::int64_t) override { return std::string(); }
  queue::RefusedStatus status() override { return {}; }
  void close() override {}
  std::mutex mutex;
  std::vector<queue::RefusedBody> bodies;
};

class WebhookTest : public ::testing::Test {
 protected:
  void start(WebhookOptions options = {}) {
    webhook_ = std::make_unique<Webhook>(options, queue_, kept_);
    http::Options http_options;
    http_options.host = "127.0.0.1";
    http_options.port = 0;
    if (options.door != nullptr) {
      http_options.headers_kept = {"authorization"};
      http_options.check_head = [this](const http::Request& head) { return webhook_->check_head(head); };
    }
    http_options.on_refusal = [this](http::Refusal refusal) { webhook_->keep_refused(std::move(refusal)); };
    http::Routes routes;
    webhook_->add_routes(routes);
    server_ = std::make_unique<http::Server>(std::move(http_options), std::move(routes));
    ASSERT_TRUE(server_->start());
  }
  http::ClientResponse send(const std::string& method, const std::string& path, const std::string& body = "") {
    auto client = http::Client::connect("127.0.0.1", server_->port(), 30s);
    EXPECT_TRUE(client);
    auto answer = client->request(method, path, body, {});
    EXPECT_TRUE(answer);
    return answer ? std::move(*answer) : http::ClientResponse{};
  }

  ScriptedQueue queue_;
  KeptBodies kept_;
  std::unique_ptr<Webhook> webhook_;
  std::unique_ptr<http::Server> server_;  // dies first: its handlers use the rest
};

TEST_F(WebhookTest, AnswersOnlyWhatIsStored) {
  start();
  const auto answer = send("POST", "/webhook/appsflyer", R"({"a":1})");
  EXPECT_EQ(answer.status, 200);
  ASSERT_EQ(queue_.messages.size(), 1U);
  EXPECT_EQ(queue_.messages[0].body, R"({"a":1})");
  EXPECT_NE(answer.body.find(R"({"success":true,"messageId":")" + queue_.messages[0].message_id + R"(","timestamp":")"),
            std::string::npos);
  EXPECT_EQ(webhook_->stats().accepted, 1U);
}

TEST_F(WebhookTest, GivesTheSameEventByGet) {
  start();
  EXPECT_EQ(send("GET", "/api/webhook/appsflyer?a=1&b=x%20y").status, 200);
  ASSERT_EQ(queue_.messages.size(), 1U);
  EXPECT_EQ(queue_.messages[0].body, R"({"a":"1","b":"x y"})");
  EXPECT_EQ(send("GET", "/webhook/appsflyer").status, 400);
}

TEST_F(WebhookTest, KeepsWhatItRefuses) {
  start();
  const auto answer = send("POST", "/webhook/appsflyer", "{broken");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body.find(R"({"success":false,"error":")"), 0U);
  EXPECT_EQ(answer.body.find("broken\""), std::string::npos);
  ASSERT_EQ(kept_.bodies.size(), 1U);
  EXPECT_EQ(kept_.bodies[0].body, "{broken");
  EXPECT_EQ(kept_.bodies[0].status, 400);
  EXPECT_TRUE(queue_.messages.empty());
}

TEST_F(WebhookTest, NeverBlamesTheSenderForOurTrouble) {
  start();
  for (const ErrorKind kind : {ErrorKind::full, ErrorKind::unavailable, ErrorKind::cancelled, ErrorKind::internal}) {
    queue_.outcome = base::fail(kind, "detail that stays inside", "queue.db");
    const auto answer = send("POST", "/webhook/appsflyer", "{}");
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.body.find("detail"), std::string::npos);
    EXPECT_EQ(answer.header("retry-after"), "5");
    EXPECT_EQ(answer.body.contains("the disk is down to its reserve"), kind == ErrorKind::full) << answer.body;
  }
}

TEST_F(WebhookTest, KeepsAnEventThatTheQueueCannotHold) {
  start();
  queue_.outcome = base::fail(ErrorKind::invalid, "too large", "SQS");
  const std::string large = R"({"a":")" + std::string(20'000, 'x') + "\"}";
  EXPECT_EQ(send("POST", "/webhook/appsflyer", large).status, 413);
  ASSERT_EQ(kept_.bodies.size(), 1U);
  EXPECT_EQ(kept_.bodies[0].body, large);
  EXPECT_EQ(kept_.bodies[0].status, 413);
  // A small event fits every queue: whatever this is, it is our trouble.
  EXPECT_EQ(send("POST", "/webhook/appsflyer", "{}").status, 503);
}

TEST_F(WebhookTest, AnswersAtItsLimitWhileTheWriteGoesOn) {
  queue_.hold = true;
  start({.answer_within = 50ms});
  EXPECT_EQ(send("POST", "/webhook/appsflyer", "{}").status, 503);
  EXPECT_EQ(webhook_->stats().late, 1U);
  queue_.finish_held();  // the late success must not answer a second time
  EXPECT_EQ(webhook_->stats().accepted, 1U);
  queue_.hold = false;
  EXPECT_EQ(send("POST", "/webhook/appsflyer", "{}").status, 200);
}

TEST_F(WebhookTest, StrictAnswersThePredecessorsText) {
  start({.strict = true});
  const auto answer = send("POST", "/webhook/appsflyer", R"({"appsflyer_id":"1","event_name":"x"})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body,
            R"({"success":false,"error":"Missing required fields: appsflyer_id, event_name, or event_time"})");
  EXPECT_EQ(send("POST", "/webhook/appsflyer", R"({"appsflyer_id":"1","event_name":"x","event_time":"t"})").status,
            200);
}

TEST_F(WebhookTest, StoppingTurnsAway) {
  start();
  webhook_->stop_taking();
  EXPECT_EQ(send("POST", "/webhook/appsflyer", "{}").status, 503);
  EXPECT_TRUE(queue_.messages.empty());
}

TEST_F(WebhookTest, ATokenIsAskedForAndGoodForItsAppOnly) {
  config::Settings settings;
  settings.webhook_tokens = "app.a=token-a,app.b=token-b";
  Door door;
  ASSERT_TRUE(door.replace(settings));
  start({.door = &door});
  const auto show = [&](const std::string& token, const std::string& body) {
    auto client = http::Client::connect("127.0.0.1", server_->port(), 30s);
    return client->request("POST", "/webhook/appsflyer", body, {{"Authorization", token}})->status;
  };
  EXPECT_EQ(show("wrong", R"({"app_id":"app.a"})"), 401);
  EXPECT_EQ(show("token-a", R"({"app_id":"app.a"})"), 200);
  EXPECT_EQ(show("token-a", R"({"app_id":"app.a","app_id":"app.b"})"), 403) << "the last one is the event's";
  EXPECT_EQ(show("token-a", R"({"app\u005fid":"app.b"})"), 403);
  EXPECT_EQ(show("token-a", R"({"app_id":null})"), 200);
  EXPECT_EQ(show("token-a", R"({"x":1})"), 200);
  EXPECT_EQ(queue_.messages.size(), 3U);
  ASSERT_EQ(kept_.bodies.size(), 2U) << "nothing of the 401";
  EXPECT_EQ(kept_.bodies[0].status, 403);
  const auto stats = webhook_->stats();
  EXPECT_EQ(stats.refused_for[static_cast<std::size_t>(RefusedFor::token)], 1U);
  EXPECT_EQ(stats.refused_for[static_cast<std::size_t>(RefusedFor::app)], 2U);
}

TEST_F(WebhookTest, TheDoorsRulesMayBeReplaced) {
  Door door;
  start({.door = &door});
  EXPECT_EQ(send("POST", "/webhook/appsflyer", "{}").status, 200);
  config::Settings settings;
  settings.webhook_allow = "appsflyer";
  ASSERT_TRUE(door.replace(settings));
  EXPECT_EQ(send("POST", "/webhook/appsflyer", "{}").status, 403);
  settings.webhook_allow = "nonsense";
  EXPECT_FALSE(door.replace(settings));
  EXPECT_EQ(send("POST", "/webhook/appsflyer", "{}").status, 403) << "after an error all is as it was";
  settings.webhook_allow = "";
  settings.http_requests_per_client = 1;
  ASSERT_TRUE(door.replace(settings));
  EXPECT_EQ(send("POST", "/webhook/appsflyer", "{}").status, 200);
}

}  // namespace
}  // namespace twinshift::intake
