#include "app/doctor_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/doctor_aws.hpp"
#include "app/doctor_endpoint.hpp"
#include "app/doctor_queue.hpp"
#include "app/doctor_target.hpp"

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

Check check(std::string about, Finding found) {
  return {"login", std::move(about), std::move(found), 5ms};
}

TEST(DoctorText, ShowsWhatMendsBelowWhatIsWrong) {
  const std::vector<Check> checks{check("primary", good("as \"u\"")),
                                  check("secondary", failure("no\x1b[2J", "m", "c"))};
  EXPECT_EQ(
      checks_as_text(checks, false),
      "ok      primary    login           as \"u\"\n"
      "fail    secondary  login           no?[2J\n"
      "        -> m\n"
      "        -> mend: c\n"
      "The set-up guide's Issue 3: Secondary Insert Fails but Primary Succeeds: by design the primary goes on, and "
      "what the secondary lacks is owed to it.\n"
      "fail: 1 ok, 0 warn, 1 fail, 0 skipped\n");
  EXPECT_THAT(checks_as_text(checks, true), HasSubstr("\x1b[31mfail"));
}

TEST(DoctorText, GivesTheSameAsJson) {
  const std::vector<Check> checks{check("primary", warning("w \"quoted\"", "m", "c"))};
  EXPECT_EQ(checks_as_json(checks),
            R"({"checks":[{"id":"login","about":"primary","state":"warn","what":"w \"quoted\"","means":"m","mend":"c",)"
            R"("tookMs":5}],"issues":[],"verdict":"warn"})"
            "\n");
}

TEST(DoctorCheck, FindsTheGuidesIssues) {
  const Finding timeout = failure(
      base::Error{base::ErrorKind::unavailable, "Connection timeout when connecting to secondary Redshift", "w", "h"},
      "m");
  const Finding denied =
      failure(base::Error{base::ErrorKind::unavailable, "User is not authorized to perform: x:Y", "w", "h"}, "m");
  EXPECT_EQ(timeout.issue, kIssueTimeout);
  EXPECT_EQ(denied.issue, kIssuePermission);
  const std::vector<Check> secondary_fails{check("primary", good("")), check("secondary", timeout)};
  EXPECT_THAT(issues_of(secondary_fails), ElementsAre(kIssueTimeout, kIssueSecondary));
  const std::vector<Check> both_fail{check("primary", denied), check("secondary", timeout)};
  EXPECT_THAT(issues_of(both_fail), ElementsAre(kIssueTimeout, kIssuePermission));
  const std::vector<Check> primary_unknown{check("primary", barred("there are no AWS credentials to ask with")),
                                           check("secondary", denied)};
  EXPECT_THAT(issues_of(primary_unknown), ElementsAre(kIssuePermission));
  const std::vector<Check> primary_need_not_be{check("primary", good("")), check("primary", skipped("by a proxy")),
                                               check("secondary", denied)};
  EXPECT_THAT(issues_of(primary_need_not_be), ElementsAre(kIssuePermission, kIssueSecondary));
  const std::vector<Check> secondary_alone{check("secondary", denied)};
  EXPECT_THAT(issues_of(secondary_alone), ElementsAre(kIssuePermission));
}

TEST(DoctorEndpoint, ReadsTheRegionOutOfAHost) {
  EXPECT_EQ(region_in("https://vpce-0a1-b2.redshift-data.ap-south-1.vpce.amazonaws.com"), "ap-south-1");
  EXPECT_EQ(region_in("name-endpoint-x.y.us-gov-west-1.redshift.amazonaws.com:5439/db"), "us-gov-west-1");
  EXPECT_EQ(region_in("redshift-data.eu-west-2.amazonaws.com"), "eu-west-2");
  EXPECT_EQ(region_in("warehouse.eu-west-2.example.com"), "");
  EXPECT_EQ(region_in("my-cluster-1.example.amazonaws.com"), "");
}

TEST(DoctorEndpoint, SplitsUrls) {
  const Host plain = host_of_url("https://a.example/x");
  EXPECT_EQ(plain.name + ' ' + plain.port, "a.example 443");
  const Host address = host_of_url("http://[::1]:8080/");
  EXPECT_EQ(address.name + ' ' + address.port, "::1 8080");
}

TEST(DoctorEndpoint, RefusesAnEndpointOfAnotherRegion) {
  config::TargetSettings target;
  target.name = "secondary";
  target.driver = "redshift_data";
  target.region = "us-east-1";
  const Finding wrong = check_endpoint(target, "https://vpce-1.redshift-data.ap-south-1.vpce.amazonaws.com");
  EXPECT_EQ(wrong.state, CheckState::fail);
  EXPECT_THAT(wrong.cure, HasSubstr("SECONDARY_AWS_REGION to ap-south-1"));
  target.region = "ap-south-1";
  EXPECT_EQ(check_endpoint(target, "https://vpce-1.redshift-data.ap-south-1.vpce.amazonaws.com").state, CheckState::ok);
}

TEST(DoctorAws, WarnsOfAClockThatIsOff) {
  EXPECT_EQ(judge_skew(30s, "u").state, CheckState::ok);
  EXPECT_THAT(judge_skew(31s, "u").what, HasSubstr("31 s slow"));
  EXPECT_THAT(judge_skew(-31s, "u").what, HasSubstr("31 s fast"));
}

TEST(DoctorQueue, WritesThePolicyOfAQueue) {
  EXPECT_EQ(queue_policy({"sqs:SendMessage", "sqs:DeleteMessage"}, "https://sqs.us-east-1.amazonaws.com/123456789012/q",
                         "us-east-1"),
            R"({"Effect":"Allow","Action":["sqs:SendMessage","sqs:DeleteMessage"],)"
            R"("Resource":"arn:aws:sqs:us-east-1:123456789012:q"})");
}

}  // namespace
}  // namespace twinshift::app
