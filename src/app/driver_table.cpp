#include "app/driver_table.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "app/drivers_aws.hpp"
#include "app/drivers_postgres.hpp"
#include "app/drivers_sqlite.hpp"
#include "app/no_quarantine.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;

using QueuePtr = std::unique_ptr<queue::EventQueue>;
using SchemaPtr = std::unique_ptr<warehouse::SchemaAccess>;
using WarehousePtr = std::unique_ptr<warehouse::Warehouse>;

struct QueueDriver {
  std::string_view name;
  base::Result<QueuePtr> (*open)(const config::Settings&, std::stop_token);
};
struct WarehouseDriver {
  std::string_view name;
  base::Result<WarehousePtr> (*open)(const config::Settings&, const config::TargetSettings&, std::stop_token);
  base::Result<SchemaPtr> (*open_schema)(const config::Settings&, const config::TargetSettings&);
};

// A row in drivers.def without open_<name>_queue_driver(), or open_<name>_warehouse_driver() and
// open_<name>_schema_driver(), does not link.
constexpr auto kQueueDrivers = std::to_array<QueueDriver>({
#define QUEUE_DRIVER(name) {#name, open_##name##_queue_driver},
#include "app/drivers.def"
});
constexpr auto kWarehouseDrivers = std::to_array<WarehouseDriver>({
#define WAREHOUSE_DRIVER(name) {#name, open_##name##_warehouse_driver, open_##name##_schema_driver},
#include "app/drivers.def"
});

base::Error no_driver(std::string_view kind, const std::string& name) {
  return {ErrorKind::invalid, "this version has no " + std::string(kind) + " driver '" + name + "'", "configuration",
          "`twinshift config` shows what was chosen and why"};
}

}  // namespace

std::vector<std::string> queue_driver_names() {
  std::vector<std::string> names;
  for (const QueueDriver& driver : kQueueDrivers) names.emplace_back(driver.name);
  return names;
}

std::vector<std::string> warehouse_driver_names() {
  std::vector<std::string> names;
  for (const WarehouseDriver& driver : kWarehouseDrivers) names.emplace_back(driver.name);
  return names;
}

bool has_secondary(const config::Settings& settings) {
  return settings.secondary.has_value();
}

event::IdentityMode identity_mode(const config::Settings& settings) {
  return settings.event_identity == "message" ? event::IdentityMode::message : event::IdentityMode::content;
}

base::Result<QueuePtr> open_queue(const config::Settings& settings, std::stop_token stop) {
  for (const QueueDriver& driver : kQueueDrivers) {
    if (driver.name == settings.queue.driver) return driver.open(settings, std::move(stop));
  }
  return base::fail(no_driver("queue", settings.queue.driver));
}

base::Result<std::unique_ptr<quarantine::Quarantine>> open_quarantine(const config::Settings& settings,
                                                                      std::stop_token stop) {
  if (!settings.keeps_refused) return std::make_unique<NoQuarantine>();
  if (settings.quarantine_queue_url.empty()) return open_sqlite_quarantine_file(settings);
  return open_sqs_quarantine(settings, std::move(stop));
}

base::Result<std::unique_ptr<quarantine::Reader>> open_quarantine_reader(const config::Settings& settings,
                                                                         std::stop_token stop) {
  if (settings.quarantine_queue_url.empty()) return open_sqlite_quarantine_file_reader(settings);
  return open_sqs_quarantine_reader(settings, std::move(stop));
}

base::Result<WarehousePtr> open_warehouse(const config::Settings& settings, const config::TargetSettings& target,
                                          std::stop_token stop) {
  for (const WarehouseDriver& driver : kWarehouseDrivers) {
    if (driver.name == target.driver) return driver.open(settings, target, std::move(stop));
  }
  return base::fail(no_driver("warehouse", target.driver));
}

base::Result<SchemaPtr> open_schema(const config::Settings& settings, const std::string& target) {
  auto chosen = find_target(settings, target);
  if (!chosen) return base::fail(std::move(chosen.error()));
  for (const WarehouseDriver& driver : kWarehouseDrivers) {
    if (driver.name == (*chosen)->driver) return driver.open_schema(settings, **chosen);
  }
  return base::fail(no_driver("warehouse", (*chosen)->driver));
}

base::Result<const config::TargetSettings*> find_target(const config::Settings& settings, const std::string& target) {
  if (target == "primary") return &settings.primary;
  if (settings.secondary) return &*settings.secondary;
  if (settings.secondary_off) return &*settings.secondary_off;
  return base::fail(ErrorKind::not_found, "no secondary is configured", "configuration",
                    "Set SECONDARY_REDSHIFT_ENABLED=true, or ask --target primary");
}

base::Result<WarehousePtr> open_for_reading(const config::Settings& settings, const std::string& target) {
  auto chosen = find_target(settings, target);
  if (!chosen) return base::fail(std::move(chosen.error()));
  return open_warehouse(settings, **chosen);
}

}  // namespace twinshift::app
