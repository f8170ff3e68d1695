#include "aws/container.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/surroundings_testing.hpp"

namespace twinshift::aws {
namespace {

using base::ErrorKind;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_files::json_answer;
using testing_files::ScriptedServer;
using testing_files::SeenRequest;
using testing_files::Surroundings;
using testing_files::told;

// Answers with these in turn, the last one for ever.
struct Agent : Surroundings {
  explicit Agent(std::vector<std::optional<std::string>> answers)
      : Surroundings([this, answers = std::move(answers)](const SeenRequest&) {
          return answers[std::min(next++, answers.size() - 1)];
        }) {
    variables.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", server->url() + "/v1/canary-path");
  }
  ~Agent() { stop(); }
  [[nodiscard]] MaybeFetcher fetcher() const { return container_fetcher(options()); }
  std::atomic<std::size_t> next{0};
};

std::string good(std::string_view id = "ASIA1") {
  return ScriptedServer::answer(200, json_answer(id));
}

TEST(ContainerUrl, IsNearByOrSecure) {
  for (const std::string_view url :
       {"http://169.254.170.2/v2/x", "http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1/credentials",
        "http://localhost:8080/x", "http://LOCALHOST/x", "http://127.0.0.1:1/x", "http://127.8.9.1/", "http://[::1]:5/",
        "https://any.example/x"}) {
    EXPECT_TRUE(is_container_url(url)) << url;
  }
  for (const std::string_view url :
       {"", "ftp://localhost/", "169.254.170.2", "http://", "http:///x", "http://example.com/", "http://169.254.170.3/",
        "http://169.254.169.254/", "http://169.254.170.2@evil.example/", "http://169.254.170.2.evil.example/",
        "http://127.evil.example/", "http://127.0.0.1.evil.example/", "http://localhost.evil.example/",
        "http://localhost\\@evil.example/", "http://169.254.170.2%2eevil.example/", "http://[::2]/",
        "http://localhost/x\r\nX-Evil: 1", "http://local host/", "https://user@any.example/"}) {
    EXPECT_FALSE(is_container_url(url)) << url;
  }
}

TEST(Container, IsNotConfiguredWithoutAUri) {
  Surroundings here(good());
  here.variables.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "canary");
  EXPECT_EQ(told(container_fetcher(here.options())), "not configured");
}

TEST(Container, GivesTheAgentsCredentials) {
  Agent here({good()});
  here.variables.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic canary");
  auto fetcher = here.fetcher();
  ASSERT_TRUE(fetcher);
  const auto got = (*fetcher)->fetch({});
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(got->access_key_id, "ASIA1");
  EXPECT_EQ(got->session_token, "canary-token");
  EXPECT_EQ(got->source, "container");
  EXPECT_TRUE(got->expires_at);
  EXPECT_THAT(here.last().head, HasSubstr("GET /v1/canary-path HTTP/1.1"));
  EXPECT_EQ(here.last().header("Authorization"), "Basic canary");
}

TEST(Container, ReadsItsTokenFileEachTimeAndPrefersIt) {
  Agent here({good()});
  here.variables.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "other");
  here.variables.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", here.folder.write("token", "canary-1\n"));
  auto fetcher = here.fetcher();
  EXPECT_EQ(told(fetcher), "ASIA1");
  EXPECT_EQ(here.last().header("Authorization"), "canary-1");
  static_cast<void>(here.folder.write("token", "canary-2"));
  EXPECT_EQ(told(fetcher), "ASIA1");
  EXPECT_EQ(here.last().header("Authorization"), "canary-2");
}

TEST(Container, SendsNoTokenThatWouldBeginAnotherHeader) {
  Agent here({good()});
  here.variables.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "canary\r\nX-Evil: 1");
  EXPECT_THAT(told(here.fetcher()), AllOf(HasSubstr("line end"), Not(HasSubstr("canary"))));
  here.variables.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", here.folder.write("token", "canary\nX-Evil: 1"));
  EXPECT_THAT(told(here.fetcher()), AllOf(HasSubstr("line end"), Not(HasSubstr("canary"))));
  here.variables.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", here.folder.path("none"));
  EXPECT_THAT(told(here.fetcher()), HasSubstr(here.folder.path("none")));
  EXPECT_TRUE(here.server->seen().empty());
}

TEST(Container, IsAskedAgainAfterACutConnectionAndA5xx) {
  Agent here({std::nullopt, ScriptedServer::answer(500, "canary"), good()});
  EXPECT_EQ(told(here.fetcher()), "ASIA1");
  EXPECT_EQ(here.next, 3U);
  Agent down({ScriptedServer::answer(503, "canary")});
  EXPECT_THAT(told(down.fetcher()),
              AllOf(HasSubstr("answers HTTP 503 (container, 127.0.0.1)"), Not(HasSubstr("canary"))));
  EXPECT_EQ(down.next, 3U);
}

TEST(Container, IsNotAskedAgainWhereItSaysNo) {
  Agent here({ScriptedServer::answer(403, "canary")});
  EXPECT_THAT(told(here.fetcher()), AllOf(HasSubstr("answers HTTP 403"), Not(HasSubstr("canary"))));
  EXPECT_EQ(here.next, 1U);
}

TEST(Container, AnswersThatAreNoneAreRefusedUnquoted) {
  for (const std::string_view body : {"canary", "{\"AccessKeyId\":\"canary\"}", "[]", "",
                                      "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"canary\\r\\n\"}"}) {
    Agent here({ScriptedServer::answer(200, body)});
    EXPECT_THAT(told(here.fetcher()),
                AllOf(HasSubstr("error: "), HasSubstr("container, 127.0.0.1"), Not(HasSubstr("canary"))));
  }
  Agent large({ScriptedServer::answer(200, std::string(100'000, 'x'))});
  EXPECT_THAT(told(large.fetcher()), HasSubstr("more than it should"));
}

TEST(Container, UriThatTheTokenMayNotGoToIsRefused) {
  Agent here({good()});
  here.variables.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://evil.example/canary");
  EXPECT_THAT(told(here.fetcher()), AllOf(HasSubstr("(AWS_CONTAINER_CREDENTIALS_FULL_URI)"), Not(HasSubstr("canary"))));
  here.variables.set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@evil.example/canary");
  EXPECT_THAT(told(here.fetcher()),
              AllOf(HasSubstr("(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI)"), Not(HasSubstr("canary"))));
}

TEST(Container, EndsWhenStopIsRequested) {
  Agent here({"hang"});
  auto fetcher = here.fetcher();
  ASSERT_TRUE(fetcher);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ((*fetcher)->fetch(stop.get_token()).error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace twinshift::aws
