#include "aws/instance_metadata.hpp"

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

// An instance with the role "web"; each answer can be replaced.
struct Instance : Surroundings {
  Instance()
      : Surroundings([this](const SeenRequest& request) -> std::optional<std::string> {
          if (request.head.starts_with("PUT /latest/api/token ")) return token;
          if (request.header("x-aws-ec2-metadata-token") != "canary-key") return ScriptedServer::answer(401, "");
          if (request.head.starts_with("GET /latest/meta-data/iam/security-credentials/ ")) return roles;
          if (request.head.starts_with("GET /latest/meta-data/iam/security-credentials/web ")) return credentials;
          return ScriptedServer::answer(404, "");
        }) {
    variables.set("AWS_EC2_METADATA_DISABLED", "false");
    variables.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", server->url() + "/");
  }
  ~Instance() { stop(); }
  [[nodiscard]] std::string fetch() const { return told(instance_metadata_fetcher(options())); }

  std::optional<std::string> token = ScriptedServer::answer(200, "canary-key");
  std::optional<std::string> roles = ScriptedServer::answer(200, "web\n");
  std::optional<std::string> credentials = ScriptedServer::answer(200, json_answer("ASIA1"));
};

TEST(InstanceMetadata, GivesTheRolesCredentialsByATokenOfItsOwn) {
  Instance here;
  auto fetcher = instance_metadata_fetcher(here.options());
  ASSERT_TRUE(fetcher);
  EXPECT_TRUE((*fetcher)->keeps_expired());
  const auto got = (*fetcher)->fetch({});
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(got->access_key_id, "ASIA1");
  EXPECT_EQ(got->session_token, "canary-token");
  EXPECT_EQ(got->source, "instance metadata");
  ASSERT_EQ(here.server->seen().size(), 3U);
  EXPECT_EQ(here.server->seen()[0].header("x-aws-ec2-metadata-token-ttl-seconds"), "21600");
}

TEST(InstanceMetadata, CanBeSwitchedOff) {
  Instance here;
  here.variables.set("AWS_EC2_METADATA_DISABLED", "TRUE");
  EXPECT_EQ(here.fetch(), "not configured");
  EXPECT_TRUE(here.server->seen().empty());
}

TEST(InstanceMetadata, MustHaveAUrl) {
  Instance here;
  for (const std::string url : {"file:///x", "host", "http://a b", "http://x@y", "http://x\r\ny"}) {
    here.variables.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", url);
    EXPECT_THAT(here.fetch(), HasSubstr("Not the URL of an instance metadata service")) << url;
  }
}

TEST(InstanceMetadata, SaysWhatIsWrong) {
  struct Case {
    std::optional<std::string> Instance::* answer;
    std::optional<std::string> with;
    std::string_view says;
  };
  const std::string failing =
      R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"canary","AccessKeyId":"A","SecretAccessKey":"canary"})";
  for (const Case& c :
       {Case{&Instance::token, ScriptedServer::answer(403, "canary"), "answers HTTP 403 to a token's PUT"},
        Case{&Instance::token, std::nullopt, "broke off its answer"},
        Case{&Instance::token, ScriptedServer::answer(200, ""), "gives no token"},
        Case{&Instance::token, ScriptedServer::answer(200, "canary\r\nX: y"), "gives no token"},
        Case{&Instance::roles, ScriptedServer::answer(404, "canary"), "knows no role"},
        Case{&Instance::roles, ScriptedServer::answer(200, ""), "names no role"},
        Case{&Instance::roles, ScriptedServer::answer(200, "../../canary"), "names no role"},
        Case{&Instance::credentials, ScriptedServer::answer(500, "canary"), "answers HTTP 500"},
        Case{&Instance::credentials, ScriptedServer::answer(200, failing),
             "gives no credentials (AssumeRoleUnauthorizedAccess)"},
        Case{&Instance::credentials, ScriptedServer::answer(200, R"({"Code":"canary <x>"})"), "gives no credentials ("},
        Case{&Instance::credentials, ScriptedServer::answer(200, "canary"), "no JSON object"}}) {
    Instance here;
    here.*c.answer = c.with;
    EXPECT_THAT(here.fetch(), AllOf(HasSubstr(c.says), HasSubstr(here.server->url()), Not(HasSubstr("canary"))));
  }
}

TEST(InstanceMetadata, IsGivenUpSoonWhereNothingAnswers) {
  Instance here;
  here.token = "hang";
  EXPECT_THAT(here.fetch(), HasSubstr("does not answer in time"));
}

TEST(InstanceMetadata, EndsWhenStopIsRequested) {
  Instance here;
  auto fetcher = instance_metadata_fetcher(here.options());
  ASSERT_TRUE(fetcher);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ((*fetcher)->fetch(stop.get_token()).error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace twinshift::aws
