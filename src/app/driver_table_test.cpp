#include "app/driver_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

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

}  // namespace
}  // namespace twinshift::app
