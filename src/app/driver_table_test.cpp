#include "app/driver_table.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "config/drivers.hpp"

namespace twinshift::app {
namespace {

// The configuration refuses a driver that is not built before the table is asked; the two lists must say the same.
TEST(DriverTable, AgreesWithTheConfiguration) {
  const auto queues = queue_driver_names();
  const auto warehouses = warehouse_driver_names();
  std::size_t built = 0;
  for (const config::Driver& driver : config::kDrivers) {
    const auto& names = driver.part == "queue" ? queues : warehouses;
    EXPECT_EQ(std::ranges::find(names, driver.name) != names.end(), driver.built) << driver.part << ' ' << driver.name;
    built += driver.built ? 1U : 0U;
  }
  EXPECT_EQ(built, queues.size() + warehouses.size());
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
