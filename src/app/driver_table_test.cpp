#include "app/driver_table.hpp"

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "curl/scripted_server_testing.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;

// What the configuration can choose (config/resolve.cpp) is there.
TEST(DriverTable, HasWhatTheConfigurationChooses) {
  EXPECT_THAT(queue_driver_names(), testing::UnorderedElementsAre("sqlite", "sqs"));
  EXPECT_THAT(warehouse_driver_names(), testing::UnorderedElementsAre("sqlite", "postgres", "redshift_data"));
}

TEST(DriverTable, RefusesWhatItDoesNotHave) {
  config::Settings settings;
  settings.queue.driver = "nonsense";
  EXPECT_FALSE(open_queue(settings));
  config::TargetSettings target;
  target.driver = "nonsense";
  EXPECT_FALSE(open_warehouse(settings, target));
}

// Whoever is asked for credentials takes the request and never answers.
class NoCredentials : public testing::Test {
 protected:
  NoCredentials() {
    settings_.aws_variables = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server_.url()},
                               {"AWS_CONFIG_FILE", "/nonexistent"},
                               {"AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"}};
    target_.name = "secondary";
    target_.cluster_identifier = "cluster";
    target_.database = "events";
    target_.db_user = "writer";
    target_.table = "appsflyer_events";
  }
  // What the lane's first call comes back with once the stop was asked for, which is while it waits.
  base::Status prepare_and_stop() {
    auto warehouse = open_warehouse(settings_, target_, stop_.get_token());
    if (!warehouse) return base::fail(std::move(warehouse.error()));
    auto status = std::async(std::launch::async, [&] { return (*warehouse)->prepare(); });
    EXPECT_TRUE(tests::wait_until([&] { return !server_.seen().empty(); }));
    stop_.request_stop();
    // Unasked it gives up only after its own limits: 2 s a try and more.
    EXPECT_EQ(status.wait_for(1s), std::future_status::ready);
    return status.get();
  }

  curl::ScriptedServer server_{[](const curl::SeenRequest&) { return "hang"; }};
  config::Settings settings_;
  config::TargetSettings target_;
  std::stop_source stop_;
};

TEST_F(NoCredentials, AStopDoesNotWaitForADataApiTarget) {
  target_.driver = "redshift_data";
  const auto status = prepare_and_stop();
  ASSERT_FALSE(status);
  EXPECT_EQ(server_.seen().size(), 1U);
}

TEST_F(NoCredentials, AStopDoesNotWaitForAWireTargetWithIam) {
  target_.driver = "postgres";
  target_.iam_login = true;
  target_.url = "redshift://cluster.example:5439/events";
  const auto status = prepare_and_stop();
  ASSERT_FALSE(status);
  EXPECT_EQ(server_.seen().size(), 1U);
}

}  // namespace
}  // namespace twinshift::app
