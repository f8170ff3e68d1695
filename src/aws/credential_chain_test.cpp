#include "aws/credential_chain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/environment_fetcher.hpp"
#include "aws/refresh_plan.hpp"
#include "aws/surroundings_testing.hpp"

namespace twinshift::aws {
namespace {

using base::ErrorKind;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_files::FixedSource;
using testing_files::json_answer;
using testing_files::ScriptedServer;
using testing_files::SeenRequest;
using testing_files::sts_answer;
using testing_files::Surroundings;
using testing_files::told;

// One of each: STS, container, instance; each numbers its answers.
struct Everything : Surroundings {
  Everything()
      : Surroundings([this](const SeenRequest& request) -> std::optional<std::string> {
          if (broken) return ScriptedServer::answer(403, "canary");
          const std::string number = std::to_string(++answers);
          if (request.head.starts_with("PUT ")) return ScriptedServer::answer(200, "key");
          if (request.head.find("/security-credentials/ ") != std::string::npos) {
            return ScriptedServer::answer(200, "web");
          }
          if (request.head.starts_with("GET /latest")) {
            return ScriptedServer::answer(200, json_answer("IMDS" + number, instance_end));
          }
          if (request.head.starts_with("GET ")) return ScriptedServer::answer(200, json_answer("ECS" + number));
          const bool web = request.body.find("WithWebIdentity") != std::string::npos;
          return ScriptedServer::answer(200, sts_answer(web ? "AssumeRoleWithWebIdentity" : "AssumeRole",
                                                        "STS" + number, "2024-01-01T13:00:00Z"));
        }) {}

  ~Everything() { stop(); }
  void set_keys() {
    variables.set("AWS_ACCESS_KEY_ID", "AKENV");
    variables.set("AWS_SECRET_ACCESS_KEY", "canary");
  }
  void set_web_identity() {
    variables.set("AWS_WEB_IDENTITY_TOKEN_FILE", folder.write("token", "canary"));
    variables.set("AWS_ROLE_ARN", "arn:aws:iam::1:role/r");
  }
  void set_profile() const {
    static_cast<void>(folder.write("home/.aws/credentials",
                                   "[default]\naws_access_key_id = AKFILE\naws_secret_access_key = canary\n"));
  }
  void set_container() { variables.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", server->url() + "/task"); }
  void set_instance() {
    variables.set("AWS_EC2_METADATA_DISABLED", "");
    variables.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", server->url());
  }
  [[nodiscard]] std::shared_ptr<CredentialSource> chain(std::string profile = {}) const {
    ChainOptions out = options();
    out.profile = std::move(profile);
    return make_credential_chain(std::move(out));
  }

  std::atomic<bool> broken{false};
  std::atomic<int> answers{0};
  std::string instance_end = "2024-01-01T18:00:00Z";
};

TEST(Chain, TakesTheFirstWayThatIsConfigured) {
  Everything here;
  here.set_instance();
  EXPECT_EQ(told(here.chain()->get()), "IMDS3");
  here.set_container();
  EXPECT_EQ(told(here.chain()->get()), "ECS4");
  here.set_profile();
  EXPECT_EQ(told(here.chain()->get()), "AKFILE");
  here.set_web_identity();
  EXPECT_EQ(told(here.chain()->get()), "STS5");
  here.set_keys();
  EXPECT_EQ(told(here.chain()->get()), "AKENV");
  EXPECT_EQ(told(here.chain("default")->get()), "AKFILE");
}

TEST(Chain, DoesNotSkipWhatIsConfiguredAndFails) {
  Everything here;
  here.set_instance();
  here.set_container();
  here.broken = true;
  EXPECT_THAT(told(here.chain()->get()), HasSubstr("container credentials endpoint answers HTTP 403"));
  static_cast<void>(here.folder.write("home/.aws/credentials", "nonsense\n"));
  EXPECT_THAT(told(here.chain()->get()), HasSubstr("Line 1 of an AWS file"));
  here.variables.set("AWS_WEB_IDENTITY_TOKEN_FILE", here.folder.path("none"));
  EXPECT_THAT(told(here.chain()->get()), HasSubstr("AWS_ROLE_ARN is not"));
  here.variables.set("AWS_SECRET_ACCESS_KEY", "canary");
  EXPECT_THAT(told(here.chain()->get()),
              AllOf(HasSubstr("without the access key id (environment)"), Not(HasSubstr("canary"))));
  here.set_keys();
  here.set_profile();
  EXPECT_THAT(told(here.chain("named")->get()), HasSubstr("There is no such AWS profile"));
}

TEST(Chain, ListsWhatItLookedAtWhereThereIsNothing) {
  Everything here;
  const auto source = here.chain();
  const auto got = source->get();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::invalid);
  EXPECT_THAT(
      got.error().text(),
      AllOf(HasSubstr("No AWS credentials were found"), HasSubstr("AWS_ACCESS_KEY_ID is not set"),
            HasSubstr("AWS_WEB_IDENTITY_TOKEN_FILE is not set"),
            HasSubstr("profile default: no credentials in " + here.folder.path("home/.aws/config") + " (no such file)"),
            HasSubstr("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), HasSubstr("AWS_EC2_METADATA_DISABLED"),
            HasSubstr("Run the service with an IAM role")));
  here.set_instance();
  here.broken = true;
  EXPECT_THAT(told(here.chain()->get()), AllOf(HasSubstr("No AWS credentials were found"),
                                               HasSubstr("answers HTTP 403"), Not(HasSubstr("canary"))));
}

TEST(Chain, LooksAgainUntilSomethingIsFound) {
  Everything here;
  const auto source = here.chain();
  EXPECT_THAT(told(source->get()), HasSubstr("No AWS credentials"));
  here.set_profile();
  EXPECT_THAT(told(source->get()), HasSubstr("No AWS credentials"));  // not at each call
  here.clock.advance(kFetchBackoff.first);
  EXPECT_EQ(told(source->get()), "AKFILE");
}

TEST(Chain, KeepsExpiredOnesOfAnInstance) {
  Everything here;
  here.set_instance();
  here.instance_end = "2024-01-01T11:00:00Z";
  const auto source = here.chain();
  EXPECT_EQ(told(source->get()), "IMDS3");
  here.clock.advance(kStaleEvery);
  EXPECT_EQ(told(source->get()), "IMDS3");
  here.broken = true;
  here.clock.advance(kStaleJitterMost + std::chrono::seconds(1));
  EXPECT_EQ(told(source->get()), "IMDS3");
  here.broken = false;
  here.clock.advance(kFetchBackoff.first);
  EXPECT_EQ(told(source->get()), "IMDS6");
}

TEST(Chain, EndsWithItsStop) {
  Everything here;
  here.set_container();
  std::stop_source stop;
  stop.request_stop();
  ChainOptions options = here.options();
  options.stop = stop.get_token();
  const auto got = make_credential_chain(std::move(options))->get();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::cancelled);
}

TEST(Environments, GiveTheirKeys) {
  Everything here;
  EXPECT_EQ(told(environment_fetcher(here.variables.environment())), "not configured");
  here.variables.set("AWS_SESSION_TOKEN", "t1");
  EXPECT_EQ(told(environment_fetcher(here.variables.environment())), "not configured");
  here.set_keys();
  here.variables.set("AWS_SECURITY_TOKEN", "t2");
  here.variables.set("AWS_CREDENTIAL_EXPIRATION", "2024-01-01T11:00:00Z");
  auto got = (*environment_fetcher(here.variables.environment()))->fetch({});
  ASSERT_TRUE(got);
  EXPECT_EQ(got->session_token, "t1");
  EXPECT_EQ(got->source, "environment");
  EXPECT_TRUE(got->expires_at);
  here.variables.set("AWS_SESSION_TOKEN", "");
  EXPECT_EQ((*environment_fetcher(here.variables.environment()))->fetch({})->session_token, "t2");
}

TEST(Environments, ThatAreHalfSetOrHoldALineEndAreRefusedUnquoted) {
  Everything here;
  here.variables.set("AWS_ACCESS_KEY_ID", "AK");
  EXPECT_THAT(told(environment_fetcher(here.variables.environment())), HasSubstr("without the secret access key"));
  for (const std::string secret : {"canary\n", "canary canary", "\xC3\xA9"}) {
    here.variables.set("AWS_SECRET_ACCESS_KEY", secret);
    EXPECT_THAT(told(environment_fetcher(here.variables.environment())),
                AllOf(HasSubstr("The secret access key holds a blank"), Not(HasSubstr("canary"))));
  }
}

TEST(Roles, AreTakenRenewedAndTakenAnewWhenRefused) {
  Everything here;
  RoleOptions options;
  options.base = std::make_shared<FixedSource>("AKBASE");
  options.role_arn = "arn:aws:iam::1:role/secondary";
  options.external_id = "ext";
  options.surroundings = here.options();
  const auto source = assume_role(std::move(options));
  EXPECT_TRUE(here.server->seen().empty());
  const auto first = source->get();
  ASSERT_TRUE(first) << first.error().text();
  EXPECT_EQ(first->source, "role arn:aws:iam::1:role/secondary");
  EXPECT_THAT(here.last().body, HasSubstr("&ExternalId=ext"));
  EXPECT_EQ(told(source->get()), "STS1");
  here.clock.advance(std::chrono::minutes(51));
  EXPECT_EQ(told(source->get()), "STS2");
  source->refuse(*source->get());
  here.clock.advance(kFetchEvery);
  EXPECT_EQ(told(source->get()), "STS3");
}

}  // namespace
}  // namespace twinshift::aws
