#include "app/aws_access.hpp"

#include <gtest/gtest.h>

#include "aws/services.hpp"

namespace twinshift::app {
namespace {

TEST(PlaceOfQueue, TellsPublicHostsFromOthers) {
  struct Case {
    const char* url;
    const char* region;
    const char* endpoint;
  };
  for (const Case& one : {
           Case{"https://sqs.eu-west-1.amazonaws.com/123456789012/q", "eu-west-1", ""},
           Case{"https://sqs.cn-north-1.amazonaws.com.cn/1/q", "cn-north-1", ""},
           Case{"https://eu-west-1.queue.amazonaws.com/1/q", "eu-west-1", ""},
           Case{"https://queue.amazonaws.com/1/q", "us-east-1", ""},
           Case{"https://vpce-1.sqs.us-east-1.vpce.amazonaws.com/1/q", "",
                "https://vpce-1.sqs.us-east-1.vpce.amazonaws.com"},
           Case{"http://127.0.0.1:4566/000000000000/q", "", "http://127.0.0.1:4566"},
       }) {
    const QueuePlace place = place_of_queue(one.url);
    EXPECT_EQ(place.region, one.region) << one.url;
    EXPECT_EQ(place.endpoint, one.endpoint) << one.url;
  }
}

config::Settings with_variables(std::map<std::string, std::string, std::less<>> variables) {
  config::Settings settings;
  settings.aws_variables = std::move(variables);
  // Nobody's own files.
  settings.aws_variables.emplace("AWS_CONFIG_FILE", "/nonexistent");
  settings.aws_variables.emplace("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
  return settings;
}

TEST(AwsAccess, ReadsTheVariablesOfEnvToo) {
  const config::Settings settings = with_variables({{"AWS_ACCESS_KEY_ID", "key"}, {"AWS_SECRET_ACCESS_KEY", "secret"}});
  const auto access = own_access(settings, {}, {});
  ASSERT_TRUE(access) << access.error().text();
  EXPECT_EQ(access->region, "us-east-1");
  const auto credentials = access->credentials->get();
  ASSERT_TRUE(credentials) << credentials.error().text();
  EXPECT_EQ(credentials->access_key_id, "key");
}

TEST(AwsAccess, ATargetsEndpointWinsOverTheProcesss) {
  const config::Settings settings = with_variables({{"AWS_ENDPOINT_URL_REDSHIFT_DATA", "http://127.0.0.1:1"}});
  config::TargetSettings target;
  target.region = "ap-south-1";
  target.region_given = true;
  const auto access = target_access(settings, target, {});
  ASSERT_TRUE(access) << access.error().text();
  EXPECT_EQ(access->region, "ap-south-1");
  EXPECT_EQ((*make_client(*access, aws::kRedshiftData, "http://127.0.0.1:2", "x"))->options().endpoint,
            "http://127.0.0.1:2");
  EXPECT_EQ((*make_client(*access, aws::kRedshiftData, "", "x"))->options().endpoint, "http://127.0.0.1:1");
  EXPECT_EQ((*make_client(*access, aws::kSts, "", "x"))->options().endpoint, "https://sts.ap-south-1.amazonaws.com");
}

}  // namespace
}  // namespace twinshift::app
