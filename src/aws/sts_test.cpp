#include "aws/sts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/role_fetcher.hpp"
#include "aws/surroundings_testing.hpp"
#include "aws/web_identity.hpp"
#include "base/time_text.hpp"

namespace twinshift::aws {
namespace {

using base::ErrorKind;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing_files::FixedSource;
using testing_files::ScriptedServer;
using testing_files::SeenRequest;
using testing_files::sts_answer;
using testing_files::sts_error;
using testing_files::Surroundings;
using testing_files::told;

constexpr std::string_view kEnd = "2024-01-01T13:00:00Z";
constexpr const char* kArn = "arn:aws:iam::123456789012:role/writer";

Role role() {
  Role out;
  out.arn = kArn;
  out.source = "profile analytics";
  return out;
}

std::string answer_of(std::string_view operation, std::string_view id = "ASIA1") {
  return ScriptedServer::answer(200, sts_answer(operation, id, kEnd));
}

std::string take_role(Surroundings& here, const Role& wanted = role()) {
  return told(role_fetcher(here.options(), wanted, std::make_shared<FixedSource>("AKBASE")));
}

TEST(AssumeRole, IsASignedQueryCall) {
  Surroundings here(answer_of("AssumeRole"));
  Role wanted = role();
  wanted.external_id = "ex/1";
  wanted.duration = std::chrono::seconds(900);
  auto fetcher = role_fetcher(here.options(), wanted, std::make_shared<FixedSource>("AKBASE"));
  ASSERT_TRUE(fetcher);
  const auto got = (*fetcher)->fetch({});
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(got->access_key_id, "ASIA1");
  EXPECT_EQ(got->secret_access_key, "canary-secret");
  EXPECT_EQ(got->session_token, "canary-token");
  EXPECT_EQ(got->source, "profile analytics");
  EXPECT_EQ(base::sql_timestamp(*got->expires_at), "2024-01-01 13:00:00");
  EXPECT_EQ(here.last().body,
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fwriter"
            "&RoleSessionName=twinshift&DurationSeconds=900&ExternalId=ex%2F1");
  EXPECT_THAT(here.last().header("Authorization"), HasSubstr("AKBASE/20240101/eu-west-1/sts/aws4_request"));
}

TEST(AssumeRole, SaysWhatARefusalMeans) {
  Surroundings here(ScriptedServer::answer(
      403, sts_error("AccessDenied", "User: arn:aws:iam::1:user/u is not authorized to perform: sts:AssumeRole")));
  EXPECT_THAT(take_role(here), AllOf(HasSubstr("User is not authorized to perform: sts:AssumeRole"), HasSubstr(kArn),
                                     HasSubstr("profile analytics"), HasSubstr("trust policy"),
                                     HasSubstr("external id"), Not(HasSubstr("canary"))));
}

TEST(AssumeRole, RefusesWhatCannotBeOne) {
  Surroundings here(answer_of("AssumeRole"));
  Role wanted = role();
  wanted.arn = "writer";
  EXPECT_THAT(take_role(here, wanted), HasSubstr("Not the ARN of a role (profile analytics)"));
  wanted = role();
  for (const std::string& name : {std::string(), std::string("x"), std::string("two words"), std::string(65, 'x')}) {
    wanted.session_name = name;
    EXPECT_THAT(take_role(here, wanted), HasSubstr("Not a role session name")) << name;
  }
  here.variables.set("AWS_REGION", "");
  here.variables.set("AWS_ENDPOINT_URL_STS", "");
  EXPECT_THAT(take_role(here), HasSubstr("No AWS region to call STS in"));
  EXPECT_TRUE(here.server->seen().empty());
}

TEST(AssumeRole, TakesNoHalfAnswer) {
  for (const std::string& xml :
       {sts_answer("AssumeRole", "", kEnd), sts_answer("AssumeRole", "ASIA1", "soon"),
        sts_answer("AssumeRoleWithWebIdentity", "ASIA1", kEnd), std::string("<html><body>canary</body></html>")}) {
    Surroundings here(ScriptedServer::answer(200, xml));
    EXPECT_THAT(take_role(here), AllOf(StartsWith("error: "), HasSubstr("sts:AssumeRole"), Not(HasSubstr("canary"))));
  }
}

// Where the STS answers go wrong, `codes` in turn, and then good ones.
struct Identity : Surroundings {
  explicit Identity(std::vector<std::string> codes = {})
      : Surroundings([this, codes](const SeenRequest&) -> std::string {
          const std::size_t now = next++;
          if (now == 0 && on_first) on_first();
          if (now < codes.size()) return ScriptedServer::answer(400, sts_error(codes[now], "no"));
          return answer_of("AssumeRoleWithWebIdentity", "ASIA" + std::to_string(now));
        }) {
    variables.set("AWS_WEB_IDENTITY_TOKEN_FILE", folder.write("token", "canary-jwt-1\n"));
    variables.set("AWS_ROLE_ARN", kArn);
    variables.set("AWS_ROLE_SESSION_NAME", "pod-1");
  }
  ~Identity() { stop(); }
  std::atomic<std::size_t> next{0};
  std::function<void()> on_first;
};

TEST(WebIdentity, IsNotConfiguredWithoutItsFile) {
  Surroundings here(answer_of("AssumeRoleWithWebIdentity"));
  here.variables.set("AWS_ROLE_ARN", kArn);
  EXPECT_EQ(told(web_identity_of_environment(here.options())), "not configured");
}

TEST(WebIdentity, IsAnUnsignedCallWithTheFilesToken) {
  Identity here;
  auto fetcher = web_identity_of_environment(here.options());
  EXPECT_EQ(told(fetcher), "ASIA0");
  EXPECT_EQ(here.last().body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2F"
            "writer&RoleSessionName=pod-1&WebIdentityToken=canary-jwt-1");
  EXPECT_EQ(here.last().header("Authorization"), "");
  static_cast<void>(here.folder.write("token", "canary-jwt-2"));
  EXPECT_EQ(told(fetcher), "ASIA1");
  EXPECT_THAT(here.last().body, HasSubstr("WebIdentityToken=canary-jwt-2"));
}

TEST(WebIdentity, IsTriedAgainWhereTheProviderWasOutOfReach) {
  Identity here({"IDPCommunicationError"});
  EXPECT_EQ(told(web_identity_of_environment(here.options())), "ASIA1");
}

TEST(WebIdentity, ReadsTheFileAgainWhereItsTokenHasExpired) {
  Identity here({"ExpiredTokenException"});
  here.on_first = [&] { static_cast<void>(here.folder.write("token", "canary-jwt-2")); };
  EXPECT_EQ(told(web_identity_of_environment(here.options())), "ASIA1");
  EXPECT_THAT(here.last().body, HasSubstr("canary-jwt-2"));
  Identity over({"ExpiredTokenException", "ExpiredTokenException"});
  EXPECT_THAT(told(web_identity_of_environment(over.options())),
              AllOf(HasSubstr("expired"), HasSubstr("Look at what renews " + over.folder.path("token"))));
  EXPECT_EQ(over.next, 2U);
}

TEST(WebIdentity, SaysWhatIsMissing) {
  Identity here;
  here.variables.set("AWS_ROLE_ARN", "");
  EXPECT_THAT(told(web_identity_of_environment(here.options())), HasSubstr("AWS_ROLE_ARN is not"));
  here.variables.set("AWS_ROLE_ARN", kArn);
  here.variables.set("AWS_WEB_IDENTITY_TOKEN_FILE", here.folder.path("none"));
  EXPECT_THAT(told(web_identity_of_environment(here.options())), HasSubstr(here.folder.path("none")));
  EXPECT_EQ(here.next, 0U);
}

TEST(WebIdentity, LeavesOutATextThatQuotesTheToken) {
  for (const std::string& before : {std::string("The token "), std::string(290, 'x')}) {
    Surroundings here(ScriptedServer::answer(
        400, sts_error("InvalidIdentityToken", before + "canary-jwt-long-enough-to-be-cut is none")));
    here.variables.set("AWS_WEB_IDENTITY_TOKEN_FILE", here.folder.write("token", "canary-jwt-long-enough-to-be-cut"));
    here.variables.set("AWS_ROLE_ARN", kArn);
    EXPECT_THAT(told(web_identity_of_environment(here.options())),
                AllOf(HasSubstr("InvalidIdentityToken"), Not(HasSubstr("canary"))));
  }
}

}  // namespace
}  // namespace twinshift::aws
