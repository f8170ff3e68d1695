#include "aws/client.hpp"

#include <gtest/gtest.h>

#include "aws/services.hpp"
#include "aws/throttles.hpp"
#include "curl/scripted_server_testing.hpp"
#include "tests/support/manual_clock.hpp"

namespace twinshift::aws {
namespace {

using base::ErrorKind;
using curl::ScriptedServer;
using curl::SeenRequest;

constexpr const char* kSecret = "canary-secret-access-key";
constexpr const char* kToken = "canary-session-token";

class CountingSource final : public CredentialSource {
 public:
  base::Result<Credentials> get() override {
    ++gets;
    if (none) return base::fail(ErrorKind::invalid, "no credentials were found", "tried nothing", "set some");
    return Credentials{.access_key_id = "AKID",
                       .secret_access_key = kSecret,
                       .session_token = kToken,
                       .expires_at = std::nullopt,
                       .source = "test"};
  }
  void refuse(const Credentials&) override { ++refusals; }
  std::atomic<int> gets{0};
  std::atomic<int> refusals{0};
  bool none = false;
};

// A client of a server that gives these answers in turn, the last one for ever.
struct Bench {
  explicit Bench(std::vector<std::optional<std::string>> answers, Service service = kSqs)
      : server([this, answers = std::move(answers)](const SeenRequest&) {
          return answers[std::min(next++, answers.size() - 1)];
        }) {
    ClientOptions options;
    options.service = service;
    options.region = "us-east-1";
    options.endpoint = server.url();
    options.subject = "secondary Redshift";
    options.credentials = source;
    options.http = std::make_shared<curl::HttpClient>();
    options.clock = &clock;
    client = std::make_unique<Client>(std::move(options));
  }
  Outcome<Answer> call(bool idempotent = true) {
    return client->call({.operation = "SendMessage", .body = R"({"canary":"body"})", .idempotent = idempotent});
  }

  std::atomic<std::size_t> next{0};
  tests::ManualClock clock;
  std::shared_ptr<CountingSource> source = std::make_shared<CountingSource>();
  ScriptedServer server;
  std::unique_ptr<Client> client;
};

std::string error_answer(int status, const std::string& code, const std::string& message,
                         const std::string& more = {}) {
  return ScriptedServer::answer(status,
                                R"({"__type":"com.amazonaws.sqs#)" + code + R"(","message":")" + message + "\"}",
                                "x-amzn-RequestId: r-1\r\n" + more);
}

TEST(Client, SendsASignedJsonCall) {
  Bench bench({ScriptedServer::answer(200, R"({"ok":1})", "x-amzn-RequestId: r-9\r\n")});
  const auto answer = bench.call();
  ASSERT_TRUE(answer) << answer.error().error.text();
  EXPECT_EQ(answer->body, R"({"ok":1})");
  EXPECT_EQ(answer->request_id, "r-9");
  const SeenRequest seen = bench.server.seen().at(0);
  EXPECT_EQ(seen.header("X-Amz-Target"), "AmazonSQS.SendMessage");
  EXPECT_EQ(seen.header("Content-Type"), "application/x-amz-json-1.0");
  EXPECT_EQ(seen.header("X-Amz-Date"), "20240101T120000Z");
  EXPECT_NE(seen.header("Authorization").find("/20240101/us-east-1/sqs/aws4_request"), std::string::npos);
  EXPECT_EQ(bench.client->requests(), 1U);
}

TEST(Client, SendsAQueryCallAsAForm) {
  Bench bench({ScriptedServer::answer(200, "<GetCallerIdentityResponse></GetCallerIdentityResponse>")}, kSts);
  ASSERT_TRUE(bench.client->call({.operation = "GetCallerIdentity", .body = "A=b"}));
  EXPECT_EQ(bench.server.seen().at(0).body, "Action=GetCallerIdentity&Version=2011-06-15&A=b");
}

TEST(Client, TriesAgainAfterThrottlesAnd5xxAndACutConnection) {
  Bench bench({ScriptedServer::answer(503, ""), std::nullopt, ScriptedServer::answer(200, "{}")});
  EXPECT_TRUE(bench.call());
  EXPECT_EQ(bench.server.seen().size(), 3U);
  Bench throttled({error_answer(400, "ThrottlingException", "Rate exceeded"), ScriptedServer::answer(200, "{}")});
  EXPECT_TRUE(throttled.call());
}

std::uint64_t throttles_of(const Service& service) {
  for (const ServiceThrottles& each : throttles()) {
    if (each.service == service.signing_name) return each.count;
  }
  ADD_FAILURE() << service.name << " is not counted";
  return 0;
}

TEST(Client, CountsThrottlesAlsoWhereTheNextTryGoesWell) {
  for (const Service& service : {kSqs, kRedshiftData, kSts}) {
    const std::uint64_t before = throttles_of(service);
    const std::uint64_t others = throttles_of(kRedshiftServerless);
    Bench bench(
        {service.protocol == Protocol::query
             ? ScriptedServer::answer(400, "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>")
             : error_answer(400, "ThrottlingException", "Rate exceeded"),
         error_answer(503, "ServiceUnavailable", "no throttle"),
         ScriptedServer::answer(
             200, service.protocol == Protocol::query ? "<SendMessageResponse></SendMessageResponse>" : "{}")},
        service);
    EXPECT_TRUE(bench.call()) << service.name;
    EXPECT_EQ(throttles_of(service), before + 1) << service.name;
    EXPECT_EQ(throttles_of(kRedshiftServerless), others);
  }
}

TEST(Client, GivesUpAfterItsTries) {
  Bench bench({error_answer(500, "InternalFailure", "oh")});
  const auto failed = bench.call();
  ASSERT_FALSE(failed);
  EXPECT_EQ(bench.client->requests(), 3U);
  EXPECT_EQ(failed.error().error.kind, ErrorKind::unavailable);
  EXPECT_EQ(failed.error().code, "InternalFailure");
  EXPECT_EQ(failed.error().http_status, 500);
  EXPECT_EQ(failed.error().request_id, "r-1");
  EXPECT_TRUE(failed.error().sent);
}

TEST(Client, DoesNotRepeatWhatMayHaveHadItsEffect) {
  for (const auto& answer :
       {std::optional<std::string>(ScriptedServer::answer(500, "")), std::optional<std::string>()}) {
    Bench bench({answer, ScriptedServer::answer(200, "{}")});
    const auto failed = bench.call(false);
    ASSERT_FALSE(failed);
    EXPECT_TRUE(failed.error().sent);
    EXPECT_EQ(bench.client->requests(), 1U);
  }
}

TEST(Client, SetsItsClockByTheOtherSides) {
  Bench bench(
      {error_answer(403, "InvalidSignatureException", "Signature expired", "Date: Mon, 01 Jan 2024 12:10:00 GMT\r\n"),
       ScriptedServer::answer(200, "{}")});
  EXPECT_TRUE(bench.call());
  EXPECT_EQ(bench.server.seen().at(1).header("X-Amz-Date"), "20240101T121000Z");
  EXPECT_TRUE(bench.call());
  EXPECT_EQ(bench.server.seen().at(2).header("X-Amz-Date"), "20240101T121000Z");
}

TEST(Client, AWrongSecretIsNotTakenForAWrongClock) {
  Bench bench({error_answer(403, "InvalidSignatureException", "no", "Date: Mon, 01 Jan 2024 12:01:00 GMT\r\n")});
  const auto failed = bench.call();
  ASSERT_FALSE(failed);
  EXPECT_EQ(bench.client->requests(), 1U);
  EXPECT_NE(failed.error().error.hint.find("secret access key"), std::string::npos);
}

TEST(Client, SaysThatTheClockIsWrongWhereThatDoesNotHelp) {
  Bench bench({error_answer(403, "RequestExpired", "no", "Date: Mon, 01 Jan 2024 12:10:00 GMT\r\n")});
  const auto failed = bench.call();
  ASSERT_FALSE(failed);
  EXPECT_EQ(bench.client->requests(), 2U);
  EXPECT_NE(failed.error().error.message.find("clock is 600 s slow"), std::string::npos) << failed.error().error.text();
}

TEST(Client, FetchesNewCredentialsOnce) {
  Bench bench({error_answer(400, "ExpiredTokenException", "expired"), ScriptedServer::answer(200, "{}")});
  EXPECT_TRUE(bench.call());
  EXPECT_EQ(bench.source->refusals, 1);
  Bench hopeless({error_answer(403, "UnrecognizedClientException", "unknown")});
  ASSERT_FALSE(hopeless.call());
  EXPECT_EQ(hopeless.client->requests(), 2U);
}

TEST(Client, SaysWhichRightIsMissingInTheGuidesWords) {
  Bench bench({error_answer(400, "AccessDeniedException",
                            "User: arn:aws:sts::123456789012:assumed-role/r/s is not authorized to perform: "
                            "sqs:sendmessage on resource: arn:aws:sqs:us-east-1:123456789012:q")});
  const auto failed = bench.call();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().error.kind, ErrorKind::unavailable);
  EXPECT_TRUE(failed.error().error.message.starts_with("User is not authorized to perform: sqs:SendMessage"));
  EXPECT_NE(failed.error().error.message.find("assumed-role/r/s"), std::string::npos);
  EXPECT_NE(failed.error().error.hint.find("IAM policy"), std::string::npos);
}

TEST(Client, KnowsTheOlderNameOfAMissingQueue) {
  Bench bench({error_answer(400, "QueueDoesNotExist", "The specified queue does not exist.")});
  const auto failed = bench.call();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().error.kind, ErrorKind::not_found);
  Bench older({ScriptedServer::answer(400, R"({"__type":"AWS.SimpleQueueService.NonExistentQueue"})")});
  EXPECT_EQ(older.call().error().code, "QueueDoesNotExist");
}

TEST(Client, APageIsNoAnswer) {
  for (const int status : {200, 403}) {
    Bench bench({ScriptedServer::answer(status, "<html>Sign in</html>", "Content-Type: text/html; charset=x\r\n")});
    const auto failed = bench.call();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().error.kind, ErrorKind::unavailable);
    EXPECT_NE(failed.error().error.message.find("is not the SQS: HTTP"), std::string::npos)
        << failed.error().error.text();
  }
}

TEST(Client, ReadsErrorsInXml) {
  Bench bench(
      {ScriptedServer::answer(404,
                              "<ErrorResponse><Error><Type>Sender</Type><Code>ClusterNotFound</Code><Message>"
                              "Cluster c not found.</Message></Error><RequestId>r-2</RequestId></ErrorResponse>")},
      kRedshift);
  const auto failed = bench.call();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "ClusterNotFound");
  EXPECT_EQ(failed.error().request_id, "r-2");
  EXPECT_EQ(failed.error().error.kind, ErrorKind::not_found);
}

TEST(Client, NothingIsSentWithoutCredentials) {
  Bench bench({ScriptedServer::answer(200, "{}")});
  bench.source->none = true;
  const auto failed = bench.call();
  ASSERT_FALSE(failed);
  EXPECT_EQ(bench.client->requests(), 0U);
  EXPECT_FALSE(failed.error().sent);
  EXPECT_NE(failed.error().error.text().find("tried nothing"), std::string::npos);
  EXPECT_EQ(failed.error().error.kind, ErrorKind::unavailable);  // not the request's fault
}

TEST(Client, ATextIsBoundedWhateverAnswers) {
  const std::string much(100'000, 'x');
  for (const std::string& answer :
       {error_answer(400, much, much), error_answer(403, "AccessDenied", "User: arn:" + much),
        ScriptedServer::answer(400, "<Error><Code>" + much),
        ScriptedServer::answer(200, "x", "Content-Type: " + std::string(5'000, 'x') + "\r\n")}) {
    Bench bench({answer});
    const auto failed = bench.call();
    ASSERT_FALSE(failed);
    EXPECT_LT(failed.error().error.text().size(), 1'500U);
  }
}

TEST(Client, ATextHoldsNoSecretAndNothingThatWasAsked) {
  const std::vector<std::vector<std::optional<std::string>>> worlds = {
      {std::nullopt},
      {ScriptedServer::answer(200, "<html>")},
      {error_answer(400, "ValidationException", "1 validation error: Value 'canary-body' at 'sql' failed")},
      {error_answer(403, "InvalidSignatureException", "The Canonical String should have been 'canary-body'")},
      {error_answer(400, "ExpiredTokenException", "canary-body")},
  };
  for (const auto& answers : worlds) {
    Bench bench(answers);
    const auto failed = bench.call();
    ASSERT_FALSE(failed);
    const std::string text = failed.error().error.text();
    EXPECT_EQ(text.find("canary"), std::string::npos) << text;
    EXPECT_NE(text.find("sqs:SendMessage, secondary Redshift, http://127.0.0.1"), std::string::npos) << text;
  }
}

TEST(Client, AConnectionThatIsNotTakenIsToldInTheGuidesWords) {
  tests::ManualClock clock;
  ClientOptions options;
  options.service = kRedshiftData;
  options.region = "us-east-1";
  // Nobody is routed to this address (RFC 5737): a packet to it is lost, or refused at once where there is no network.
  options.endpoint = "http://192.0.2.1";
  options.subject = "secondary Redshift";
  options.credentials = std::make_shared<CountingSource>();
  options.http = std::make_shared<curl::HttpClient>();
  options.connect_timeout = std::chrono::milliseconds(50);
  const auto failed = Client(options).call({.operation = "ExecuteStatement", .body = "{}", .tries_max = 1});
  ASSERT_FALSE(failed);
  EXPECT_FALSE(failed.error().sent);
  EXPECT_TRUE(failed.error().error.message.starts_with("Connection timeout when connecting to secondary Redshift") ||
              failed.error().error.message.starts_with("Cannot connect to secondary Redshift"))
      << failed.error().error.text();
}

}  // namespace
}  // namespace twinshift::aws
