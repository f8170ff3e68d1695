// The SQS server that tests/standin/with_servers.py has started, for tests: queues of their own, made and removed.
#pragma once

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <simdjson.h>

#include "aws/client.hpp"
#include "aws/services.hpp"
#include "base/assert.hpp"
#include "base/json_text.hpp"

namespace twinshift::queue::sqs {

inline std::string test_variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : otherwise;
}

// Keys that a stand-in with signature checks knows.
class TestCredentials final : public aws::CredentialSource {
 public:
  base::Result<aws::Credentials> get() override {
    return aws::Credentials{.access_key_id = test_variable("TWINSHIFT_TEST_AWS_ACCESS_KEY_ID", "test"),
                            .secret_access_key = test_variable("TWINSHIFT_TEST_AWS_SECRET_ACCESS_KEY", "test"),
                            .session_token = {},
                            .expires_at = std::nullopt,
                            .source = "test"};
  }
  void refuse(const aws::Credentials&) override {}
};

inline std::shared_ptr<aws::Client> client_of(const std::string& url) {
  aws::ClientOptions options;
  options.service = aws::kSqs;
  options.region = "us-east-1";
  options.endpoint = url;
  options.subject = "queue";
  options.credentials = std::make_shared<TestCredentials>();
  options.http = std::make_shared<curl::HttpClient>();
  return std::make_shared<aws::Client>(std::move(options));
}

// A queue of its own, gone with the object.
class TestQueue {
 public:
  explicit TestQueue(const std::string& attributes = "{}", const std::string& suffix = "")
      : client_(client_of(server_url())) {
    static std::atomic<int> number = 0;
    name_ = "suite_" + std::to_string(::getpid()) + "_" + std::to_string(++number) + suffix;
    attributes_ = attributes;
    create();
  }
  ~TestQueue() { remove(); }
  TestQueue(const TestQueue&) = delete;
  TestQueue& operator=(const TestQueue&) = delete;

  void create() {
    const std::string answer =
        call("CreateQueue", base::JsonObject().add("QueueName", name_).add_raw("Attributes", attributes_).text());
    url_ = text_in(answer, "QueueUrl");
    TWINSHIFT_ASSERT(!url_.empty());
  }
  void remove() { call("DeleteQueue", base::JsonObject().add("QueueUrl", url_).text()); }

  // A call as anybody might make it; its answer's JSON, empty after a failure.
  std::string call(std::string_view operation, std::string body) {
    auto answer = client_->call({.operation = operation, .body = std::move(body)});
    return answer ? answer->body : std::string();
  }
  void put(std::string_view body) {
    const std::string answer =
        call("SendMessage", base::JsonObject().add("QueueUrl", url_).add("MessageBody", body).text());
    TWINSHIFT_ASSERT(!answer.empty());
  }
  std::string attribute(std::string_view name) {
    const std::string answer = call(
        "GetQueueAttributes", base::JsonObject().add("QueueUrl", url_).add_raw("AttributeNames", R"(["All"])").text());
    return text_in(answer, "Attributes", name);
  }

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] std::string arn() { return attribute("QueueArn"); }
  [[nodiscard]] const std::shared_ptr<aws::Client>& client() const { return client_; }

 private:
  static std::string server_url() {
    const std::string url = test_variable("TWINSHIFT_TEST_SQS_URL", "");
    if (!url.empty()) return url;
    std::fputs("TWINSHIFT_TEST_SQS_URL is not set: run this through tests/standin/with_servers.py --sqs\n", stderr);
    std::abort();
  }
  static std::string text_in(const std::string& json, std::string_view name, std::string_view inner = {}) {
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    std::string_view text;
    if (parser.parse(json).get(root) != simdjson::SUCCESS) return {};
    if (!inner.empty() && root[name][inner].get(text) == simdjson::SUCCESS) return std::string(text);
    return inner.empty() && root[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
  }

  const std::shared_ptr<aws::Client> client_;
  std::string name_, attributes_, url_;
};

}  // namespace twinshift::queue::sqs
