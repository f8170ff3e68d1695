#include "aws/endpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/files_testing.hpp"
#include "aws/services.hpp"

namespace twinshift::aws {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing_files::Folder;
using testing_files::Variables;

std::string text(const base::Result<std::string>& result) {
  return result ? *result : "error: " + result.error().text();
}

constexpr std::string_view kConfig =
    "[default]\nregion = eu-west-1\nendpoint_url = http://default:1/\n"
    "[profile b]\nregion = ap-south-1\nservices = local\nendpoint_url = http://b:1\n"
    "[profile off]\nendpoint_url = http://off:1\nignore_configured_endpoint_urls = TRUE\n"
    "[profile bad]\nregion = EU west\nendpoint_url = ftp://b\n"
    "[services local]\nredshift_data =\n  endpoint_url = http://b-data:2\nsqs =\n  other = 1\n";

class Endpoints : public testing::Test {
 protected:
  Endpoints() { variables_.set("AWS_CONFIG_FILE", folder_.write("config", kConfig)); }
  std::string region(std::string_view profile = {}) { return text(region_of(variables_.environment(), profile)); }
  std::string endpoint(const Service& service, std::string_view profile = {}, std::string_view explicit_url = {},
                       std::string_view region = "us-east-1") {
    return text(endpoint_of(service, region, explicit_url, variables_.environment(), profile));
  }
  Folder folder_;
  Variables variables_{};
};

TEST_F(Endpoints, RegionIsTheEnvironmentsThenTheProfiles) {
  EXPECT_EQ(region(), "eu-west-1");
  EXPECT_EQ(region("b"), "ap-south-1");
  EXPECT_EQ(region("none"), "");
  variables_.set("AWS_PROFILE", "b");
  EXPECT_EQ(region(), "ap-south-1");
  variables_.set("AWS_DEFAULT_REGION", "us-east-2");
  EXPECT_EQ(region(), "us-east-2");
  variables_.set("AWS_REGION", "us-west-2");
  EXPECT_EQ(region("b"), "us-west-2");
}

TEST_F(Endpoints, RegionMustBeOne) {
  EXPECT_THAT(region("bad"), HasSubstr("Not the name of an AWS region (profile bad)"));
  variables_.set("AWS_REGION", "us-east-1.evil.example/");
  EXPECT_THAT(region(), HasSubstr("Not the name of an AWS region (AWS_REGION)"));
  EXPECT_THAT(endpoint(kSqs, "none", {}, "x/y"), HasSubstr("Not the name of an AWS region"));
  EXPECT_THAT(endpoint(kSqs, "none", {}, ""), HasSubstr("No AWS region to call SQS in"));
}

TEST_F(Endpoints, AreTheRegionsOwnUnlessConfigured) {
  EXPECT_EQ(endpoint(kSqs, "none"), "https://sqs.us-east-1.amazonaws.com");
  EXPECT_EQ(endpoint(kRedshiftData, "none", {}, "cn-north-1"), "https://redshift-data.cn-north-1.amazonaws.com.cn");
}

TEST_F(Endpoints, ComeFromTheMostParticularPlace) {
  EXPECT_EQ(endpoint(kSqs), "http://default:1");
  EXPECT_EQ(endpoint(kSqs, "b"), "http://b:1");
  EXPECT_EQ(endpoint(kRedshiftData, "b"), "http://b-data:2");
  variables_.set("AWS_ENDPOINT_URL", "http://all:3/");
  EXPECT_EQ(endpoint(kRedshiftData, "b"), "http://all:3");
  variables_.set("AWS_ENDPOINT_URL_REDSHIFT_DATA", "https://data:4/path/");
  EXPECT_EQ(endpoint(kRedshiftData, "b"), "https://data:4/path");
  EXPECT_EQ(endpoint(kSqs, "b"), "http://all:3");
  EXPECT_EQ(endpoint(kRedshiftData, "b", "https://mine"), "https://mine");
}

TEST_F(Endpoints, CanBeIgnored) {
  EXPECT_EQ(endpoint(kSqs, "off"), "https://sqs.us-east-1.amazonaws.com");
  variables_.set("AWS_ENDPOINT_URL", "http://all:3");
  variables_.set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
  EXPECT_EQ(endpoint(kSqs, "b"), "https://sqs.us-east-1.amazonaws.com");
  EXPECT_EQ(endpoint(kSqs, "b", "http://mine"), "http://mine");
}

TEST_F(Endpoints, MustBeUrls) {
  EXPECT_THAT(endpoint(kSqs, "bad"), HasSubstr("Not the URL of an AWS endpoint (profile bad)"));
  for (const std::string_view url :
       {"host", "http://", "http:///x", "https://user:hunter2@host", "https://host?x=hunter2", "https://ho st",
        "https://host\\@evil", "file:///etc/passwd", "https://host#x", "/"}) {
    EXPECT_THAT(endpoint(kSqs, {}, url), HasSubstr("Not the URL of an AWS endpoint (SQS endpoint)")) << url;
    EXPECT_THAT(endpoint(kSqs, {}, url), Not(HasSubstr("hunter2")));
  }
}

TEST_F(Endpoints, SayWhereAFileIsBroken) {
  variables_.set("AWS_CONFIG_FILE", folder_.write("broken", "[default]\nnonsense\n"));
  EXPECT_THAT(region(), HasSubstr("Line 2"));
  EXPECT_THAT(endpoint(kSqs), HasSubstr(folder_.path("broken")));
}

}  // namespace
}  // namespace twinshift::aws
