#include "aws/profile_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/surroundings_testing.hpp"

namespace twinshift::aws {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_files::ScriptedServer;
using testing_files::SeenRequest;
using testing_files::sts_answer;
using testing_files::Surroundings;
using testing_files::told;

// Plays STS (role "arn:...:role/x" gets the key "OF-x"), a container agent and an instance.
std::optional<std::string> everything(const SeenRequest& request) {
  if (request.head.starts_with("PUT ")) return ScriptedServer::answer(200, "key");
  if (request.head.find("/security-credentials/ ") != std::string::npos) return ScriptedServer::answer(200, "web");
  if (request.head.starts_with("GET /latest")) return ScriptedServer::answer(200, testing_files::json_answer("IMDS"));
  if (request.head.starts_with("GET ")) return ScriptedServer::answer(200, testing_files::json_answer("ECS"));
  const std::size_t at = request.body.find("role%2F") + 7;
  const std::string id = "OF-" + request.body.substr(at, request.body.find('&', at) - at);
  const bool web = request.body.find("Action=AssumeRoleWithWebIdentity&") == 0;
  return ScriptedServer::answer(
      200, sts_answer(web ? "AssumeRoleWithWebIdentity" : "AssumeRole", id, "2024-01-01T13:00:00Z"));
}

struct Profiles : Surroundings {
  explicit Profiles(std::string_view config, std::string_view credentials = {}) : Surroundings(everything) {
    variables.set("AWS_CONFIG_FILE", folder.write("config", config));
    variables.set("AWS_SHARED_CREDENTIALS_FILE", folder.write("credentials", credentials));
  }
  [[nodiscard]] MaybeFetcher fetcher(std::string_view profile = {}) const {
    ChainOptions out = options();
    out.profile = profile;
    return profile_fetcher(out);
  }
  [[nodiscard]] std::string fetch(std::string_view profile = {}) const { return told(fetcher(profile)); }
  // Who signed the n-th request: the key's id.
  std::string signer(std::size_t n) {
    const std::string value = server->seen().at(n).header("Authorization");
    const std::size_t at = value.find("Credential=");
    return at == std::string::npos ? "" : value.substr(at + 11, value.find('/') - at - 11);
  }
};

constexpr std::string_view kKeys = "[base]\naws_access_key_id = AKBASE\naws_secret_access_key = canary\n";

TEST(Profile, GivesItsKeysAndReadsThemAnew) {
  Profiles here("", "[default]\naws_access_key_id = AK1\naws_secret_access_key = canary\naws_session_token = canary\n");
  auto fetcher = here.fetcher();
  ASSERT_TRUE(fetcher);
  const auto got = (*fetcher)->fetch({});
  ASSERT_TRUE(got);
  EXPECT_EQ(got->access_key_id, "AK1");
  EXPECT_EQ(got->session_token, "canary");
  EXPECT_EQ(got->source, "profile default");
  static_cast<void>(
      here.folder.write("credentials", "[default]\naws_access_key_id = AK2\naws_secret_access_key = canary\n"));
  EXPECT_EQ(told(fetcher), "AK2");
  static_cast<void>(here.folder.write("credentials", ""));
  EXPECT_THAT(told(fetcher), HasSubstr("without the access key id (profile default)"));
}

TEST(Profile, IsTheOneThatIsNamed) {
  Profiles here("", "[a]\naws_access_key_id = A\naws_secret_access_key = s\n" + std::string(kKeys));
  EXPECT_EQ(here.fetch(), "not configured");
  here.variables.set("AWS_PROFILE", "a");
  EXPECT_EQ(here.fetch(), "A");
  EXPECT_EQ(here.fetch("base"), "AKBASE");
}

TEST(Profile, ThatIsNamedAndMissingIsAnError) {
  Profiles here("[default]\nregion = x\n[profile empty]\nregion = x\n");
  EXPECT_THAT(here.fetch("none"), AllOf(HasSubstr("There is no such AWS profile in " + here.folder.path("config")),
                                        HasSubstr("(profile none)")));
  EXPECT_THAT(here.fetch("empty"), HasSubstr("says nothing of credentials (profile empty)"));
  EXPECT_EQ(here.fetch(), "not configured");
  here.variables.set("AWS_PROFILE", "none");
  EXPECT_THAT(here.fetch(), HasSubstr("There is no such AWS profile"));
  here.variables.set("AWS_PROFILE", "empty");
  EXPECT_EQ(here.fetch(), "not configured");
}

TEST(Profile, WithHalfOfItsKeysIsAnError) {
  Profiles here("", "[default]\naws_access_key_id = AK\n[b]\naws_secret_access_key = canary\n");
  EXPECT_THAT(here.fetch(), HasSubstr("without the secret access key (profile default)"));
  EXPECT_THAT(here.fetch("b"), AllOf(HasSubstr("without the access key id (profile b)"), Not(HasSubstr("canary"))));
}

TEST(Profile, TakesARoleWithAnotherProfile) {
  Profiles here(
      "[profile a]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = base\nexternal_id = ext\n"
      "role_session_name = night\nduration_seconds = 1800\n",
      kKeys);
  EXPECT_EQ(here.fetch("a"), "OF-a");
  EXPECT_EQ(here.signer(0), "AKBASE");
  EXPECT_THAT(here.last().body, HasSubstr("&RoleSessionName=night&DurationSeconds=1800&ExternalId=ext"));
}

TEST(Profile, TakesARoleByWayOfOthers) {
  Profiles here(
      "[profile a]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = b\n"
      "[profile b]\nrole_arn = arn:aws:iam::1:role/b\nsource_profile = base\n",
      kKeys);
  EXPECT_EQ(here.fetch("a"), "OF-a");
  EXPECT_EQ(here.signer(0), "AKBASE");
  EXPECT_EQ(here.signer(1), "OF-b");
}

TEST(Profile, MayTakeItsRoleWithItsOwnKeys) {
  Profiles here("[profile base]\nrole_arn = arn:aws:iam::1:role/self\nsource_profile = base\n", kKeys);
  EXPECT_EQ(here.fetch("base"), "OF-self");
  EXPECT_EQ(here.signer(0), "AKBASE");
}

TEST(Profile, AsASourceItsKeysComeBeforeItsRole) {
  Profiles here(
      "[profile a]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = base\n"
      "[profile base]\nrole_arn = arn:aws:iam::1:role/b\nsource_profile = a\n",
      kKeys);
  EXPECT_EQ(here.fetch("a"), "OF-a");
  EXPECT_EQ(here.signer(0), "AKBASE");
}

TEST(Profile, ThatLeadsBackOrTooFarIsRefused) {
  Profiles loop(
      "[profile a]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = b\n"
      "[profile b]\nrole_arn = arn:aws:iam::1:role/b\nsource_profile = a\n"
      "[profile self]\nrole_arn = arn:aws:iam::1:role/s\nsource_profile = self\n");
  EXPECT_THAT(loop.fetch("a"), HasSubstr("leads back to where it came from (profile b)"));
  EXPECT_THAT(loop.fetch("self"), HasSubstr("leads back to where it came from (profile self)"));
  std::string config;
  for (std::size_t i = 0; i <= kProfileChainMax; ++i) {
    config += "[profile p" + std::to_string(i) + "]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = p" +
              std::to_string(i + 1) + "\n";
  }
  Profiles far(config,
               "[p" + std::to_string(kProfileChainMax + 1) + "]\naws_access_key_id = A\naws_secret_access_key = s\n");
  EXPECT_THAT(far.fetch("p0"), HasSubstr("leads on too far"));
  EXPECT_EQ(far.fetch("p1"), "OF-r");
}

TEST(Profile, TakesARoleWithWhatIsAround) {
  Profiles here(
      "[profile env]\nrole_arn = arn:aws:iam::1:role/env\ncredential_source = Environment\n"
      "[profile ecs]\nrole_arn = arn:aws:iam::1:role/ecs\ncredential_source = EcsContainer\n"
      "[profile ec2]\nrole_arn = arn:aws:iam::1:role/ec2\ncredential_source = Ec2InstanceMetadata\n"
      "[profile odd]\nrole_arn = arn:aws:iam::1:role/odd\ncredential_source = Elsewhere\n");
  EXPECT_THAT(here.fetch("env"),
              HasSubstr("credential_source = Environment, but that is not set up here (profile env)"));
  EXPECT_THAT(here.fetch("ecs"), HasSubstr("EcsContainer, but that is not set up here"));
  EXPECT_THAT(here.fetch("ec2"), HasSubstr("Ec2InstanceMetadata, but that is not set up here"));
  EXPECT_THAT(here.fetch("odd"), HasSubstr("credential_source is none that we know (profile odd)"));
  here.variables.set("AWS_ACCESS_KEY_ID", "AKENV");
  here.variables.set("AWS_SECRET_ACCESS_KEY", "canary");
  EXPECT_EQ(here.fetch("env"), "OF-env");
  EXPECT_EQ(here.signer(0), "AKENV");
  here.variables.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", here.server->url() + "/task");
  EXPECT_EQ(here.fetch("ecs"), "OF-ecs");
  EXPECT_EQ(here.signer(2), "ECS");
  here.variables.set("AWS_EC2_METADATA_DISABLED", "");
  here.variables.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", here.server->url());
  EXPECT_EQ(here.fetch("ec2"), "OF-ec2");
  EXPECT_EQ(here.signer(6), "IMDS");
}

TEST(Profile, TakesARoleWithATokenFile) {
  Profiles here("");
  const std::string token = here.folder.write("token", "canary-jwt");
  static_cast<void>(here.folder.write(
      "config", "[profile w]\nrole_arn = arn:aws:iam::1:role/w\nweb_identity_token_file = " + token + "\n"));
  EXPECT_EQ(here.fetch("w"), "OF-w");
  EXPECT_THAT(here.last().body, HasSubstr("WebIdentityToken=canary-jwt"));
  EXPECT_EQ(here.signer(0), "");
}

TEST(Profile, WithARoleSaysWhatIsWrongWithIt) {
  Profiles here(
      "[profile nobody]\nrole_arn = arn:aws:iam::1:role/a\n"
      "[profile both]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = base\ncredential_source = Environment\n"
      "[profile lost]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = none\n"
      "[profile mfa]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = base\nmfa_serial = arn:aws:iam::1:mfa/x\n"
      "[profile short]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = base\nduration_seconds = 899\n"
      "[profile odd]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = base\nduration_seconds = 1h\n",
      kKeys);
  EXPECT_THAT(here.fetch("nobody"), HasSubstr("nothing says who takes it (profile nobody)"));
  EXPECT_THAT(here.fetch("both"), HasSubstr("More than one setting says who takes the role (profile both)"));
  EXPECT_THAT(here.fetch("lost"), HasSubstr("There is no such AWS profile"));
  EXPECT_THAT(here.fetch("mfa"), HasSubstr("mfa_serial asks a person"));
  EXPECT_THAT(here.fetch("short"), HasSubstr("no number from 900 to 43200"));
  EXPECT_THAT(here.fetch("odd"), HasSubstr("no number from 900 to 43200"));
  EXPECT_TRUE(here.server->seen().empty());
}

TEST(Profile, RunsAProcess) {
  Profiles here(
      "[profile p]\ncredential_process = printf "
      "'{\"Version\":1,\"AccessKeyId\":\"AKPROC\",\"SecretAccessKey\":\"x\"}'\n"
      "[profile bad]\ncredential_process = 'canary\n");
  EXPECT_EQ(here.fetch("p"), "AKPROC");
  EXPECT_THAT(here.fetch("bad"), AllOf(HasSubstr("do not end"), HasSubstr("profile bad"), Not(HasSubstr("canary"))));
}

TEST(Profile, ThatNeedsAPersonIsRefusedWithWhatToDo) {
  Profiles here(
      "[profile sso]\nsso_session = s\nsso_account_id = 1\n[profile old]\nsso_start_url = https://x\n"
      "[profile login]\nlogin_session = x\n");
  for (const std::string_view profile : {"sso", "old", "login"}) {
    EXPECT_THAT(here.fetch(profile), AllOf(HasSubstr("needs a person at a browser"), HasSubstr("credential_process")));
  }
}

}  // namespace
}  // namespace twinshift::aws
