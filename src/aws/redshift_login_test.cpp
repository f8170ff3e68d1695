#include "aws/redshift_login.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/surroundings_testing.hpp"
#include "base/time_text.hpp"

namespace twinshift::aws {
namespace {

using base::ErrorKind;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_files::FixedSource;
using testing_files::ScriptedServer;
using testing_files::SeenRequest;
using testing_files::sts_error;
using testing_files::Surroundings;

// The control plane: numbers its passwords.
struct Plane : Surroundings {
  Plane()
      : Surroundings([this](const SeenRequest& request) -> std::optional<std::string> {
          if (failing) return failing;
          const std::string password = "canary-" + std::to_string(++answers);
          if (request.header("X-Amz-Target") == "RedshiftServerless.GetCredentials") {
            return ScriptedServer::answer(200, R"({"dbUser":"IAMR:task","dbPassword":")" + password +
                                                   R"(","expiration":1704114000.5,"nextRefreshTime":1704112000})");
          }
          const bool iam = request.body.find("Action=GetClusterCredentialsWithIAM&") == 0;
          const std::string name = iam ? "GetClusterCredentialsWithIAM" : "GetClusterCredentials";
          return ScriptedServer::answer(200, "<" + name +
                                                 "Response xmlns=\"http://redshift.amazonaws.com/doc/2012-12-01/\"><" +
                                                 name + "Result><DbUser>" + (iam ? "IAMR:task" : "IAM:writer") +
                                                 "</DbUser><DbPassword>" + password + "&amp;</DbPassword><Expiration>" +
                                                 end + "</Expiration></" + name + "Result></" + name + "Response>");
        }) {
    login.cluster = "events";
    login.database = "dev";
    login.user = "writer";
    login.subject = "secondary Redshift";
    login.region = "us-west-2";
    login.endpoint = server->url();
    login.environment = variables.environment();
    login.credentials = std::make_shared<FixedSource>("AKBASE");
    login.http = http;
    login.clock = &clock;
  }
  ~Plane() { stop(); }
  static std::string password(RedshiftLogin& source) {
    const auto got = source.get();
    return got ? got->password : "error: " + got.error().text();
  }

  RedshiftLoginOptions login;
  std::optional<std::string> failing;
  std::string end = "2024-01-01T13:00:00Z";
  std::atomic<int> answers{0};
};

TEST(RedshiftLogin, OfAClusterAndAUser) {
  Plane here;
  RedshiftLogin source(here.login);
  const auto got = source.get();
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(got->user, "IAM:writer");
  EXPECT_EQ(got->password, "canary-1&");
  EXPECT_EQ(base::sql_timestamp(got->expires_at), "2024-01-01 13:00:00");
  EXPECT_EQ(here.last().body,
            "Action=GetClusterCredentials&Version=2012-12-01&ClusterIdentifier=events&DbName=dev"
            "&DurationSeconds=3600&DbUser=writer&AutoCreate=false");
  EXPECT_THAT(here.last().header("Authorization"), HasSubstr("/us-west-2/redshift/aws4_request"));
}

TEST(RedshiftLogin, OfAClusterAndOurIdentity) {
  Plane here;
  here.login.user.clear();
  here.login.duration = std::chrono::seconds(900);
  RedshiftLogin source(here.login);
  EXPECT_EQ(source.get()->user, "IAMR:task");
  EXPECT_EQ(here.last().body,
            "Action=GetClusterCredentialsWithIAM&Version=2012-12-01&ClusterIdentifier=events&DbName=dev"
            "&DurationSeconds=900");
}

TEST(RedshiftLogin, OfAWorkgroup) {
  Plane here;
  here.login.cluster.clear();
  here.login.user.clear();
  here.login.workgroup = "wg";
  RedshiftLogin source(here.login);
  const auto got = source.get();
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(got->user, "IAMR:task");
  EXPECT_EQ(base::sql_timestamp(got->expires_at), "2024-01-01 13:00:00.500");
  EXPECT_EQ(here.last().body, R"({"workgroupName":"wg","dbName":"dev","durationSeconds":3600})");
}

TEST(RedshiftLogin, IsKeptAndRenewedBeforeItsEnd) {
  Plane here;
  RedshiftLogin source(here.login);
  EXPECT_EQ(Plane::password(source), "canary-1&");
  here.clock.advance(std::chrono::minutes(60) - kLoginLeft - std::chrono::seconds(1));
  EXPECT_EQ(Plane::password(source), "canary-1&");
  here.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(Plane::password(source), "canary-2&");
}

TEST(RedshiftLogin, IsUsedToItsEndWhereNoNewOneIsToBeHad) {
  Plane here;
  RedshiftLogin source(here.login);
  EXPECT_EQ(Plane::password(source), "canary-1&");
  here.clock.advance(std::chrono::minutes(60) - kLoginLeft);
  here.failing = ScriptedServer::answer(400, sts_error("InvalidParameterValue", "no"));
  EXPECT_EQ(Plane::password(source), "canary-1&");
  here.clock.advance(kLoginLeft);
  EXPECT_THAT(Plane::password(source), HasSubstr("InvalidParameterValue"));
}

TEST(RedshiftLogin, IsAskedForAnewWhenRefusedButNotEachTime) {
  Plane here;
  RedshiftLogin source(here.login);
  EXPECT_EQ(Plane::password(source), "canary-1&");
  source.refuse();
  EXPECT_EQ(Plane::password(source), "canary-1&");
  here.clock.advance(kLoginEvery);
  EXPECT_EQ(Plane::password(source), "canary-2&");
  here.clock.advance(kLoginEvery);
  EXPECT_EQ(Plane::password(source), "canary-2&");
}

TEST(RedshiftLogin, NamesTheRightThatIsMissing) {
  Plane here;
  here.failing = ScriptedServer::answer(403, sts_error("AccessDenied", "User: arn:aws:sts::1:assumed-role/t is not"));
  RedshiftLogin source(here.login);
  EXPECT_THAT(Plane::password(source),
              AllOf(HasSubstr("User is not authorized to perform: redshift:GetClusterCredentials"),
                    HasSubstr("cluster events"), HasSubstr("secondary Redshift"),
                    HasSubstr("arn:aws:redshift:us-west-2:<account>:dbuser:events/writer and "
                              "arn:aws:redshift:us-west-2:<account>:dbname:events/dev")));
}

TEST(RedshiftLogin, SaysThatTheClusterIsUnknown) {
  Plane here;
  here.failing = ScriptedServer::answer(404, sts_error("ClusterNotFound", "Cluster events not found."));
  RedshiftLogin source(here.login);
  const auto got = source.get();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(got.error().text(),
              AllOf(HasSubstr("ClusterNotFound"), HasSubstr("cluster events"), HasSubstr("us-west-2")));
}

TEST(RedshiftLogin, TakesNoHalfAnswer) {
  Plane here;
  for (const std::string body :
       {"<GetClusterCredentialsResponse><GetClusterCredentialsResult><DbUser>IAM:x</DbUser><DbPassword>canary"
        "</DbPassword></GetClusterCredentialsResult></GetClusterCredentialsResponse>",
        "<GetClusterCredentialsResponse><canary></GetClusterCredentialsResponse>"}) {
    here.failing = ScriptedServer::answer(200, body);
    RedshiftLogin source(here.login);
    EXPECT_THAT(Plane::password(source),
                AllOf(HasSubstr("without a database login"), HasSubstr("cluster events"), Not(HasSubstr("canary"))));
  }
}

TEST(RedshiftLogin, RefusesWhatCannotBeAskedFor) {
  Plane here;
  const auto text = [&](auto change) {
    RedshiftLoginOptions options = here.login;
    change(options);
    RedshiftLogin source(std::move(options));
    return Plane::password(source);
  };
  EXPECT_THAT(text([](auto& o) { o.workgroup = "w"; }), HasSubstr("one cluster or one workgroup (secondary Redshift)"));
  EXPECT_THAT(text([](auto& o) { o.cluster = ""; }), HasSubstr("one cluster or one workgroup"));
  EXPECT_THAT(text([](auto& o) { o.database = ""; }), HasSubstr("needs a database"));
  EXPECT_THAT(text([](auto& o) { o.workgroup = std::exchange(o.cluster, ""); }), HasSubstr("IAM identity only"));
  EXPECT_THAT(text([](auto& o) { o.duration = std::chrono::seconds(899); }), HasSubstr("900 to 3600"));
  EXPECT_THAT(text([](auto& o) { o.endpoint = "host"; }), HasSubstr("Not the URL of an AWS endpoint"));
  EXPECT_TRUE(here.server->seen().empty());
}

}  // namespace
}  // namespace twinshift::aws
