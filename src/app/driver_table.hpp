// From the configuration to the drivers. The drivers themselves are listed in drivers.def; this is the only place that
// knows their classes.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "config/settings.hpp"
#include "event/event.hpp"
#include "quarantine/quarantine.hpp"
#include "queue/event_queue.hpp"
#include "queue/refused_store.hpp"
#include "warehouse/schema_access.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {

// The rows of drivers.def.
std::vector<std::string> queue_driver_names();
std::vector<std::string> warehouse_driver_names();

bool has_secondary(const config::Settings& settings);
event::IdentityMode identity_mode(const config::Settings& settings);

// `stop` of this and what follows, where nothing else is said: ends waiting for AWS credentials, so that a stop of the
// service does not wait for a metadata service or an STS that hangs. What has credentials works on.
base::Result<std::unique_ptr<queue::EventQueue>> open_queue(const config::Settings& settings,
                                                            std::stop_token stop = {});
base::Result<std::unique_ptr<queue::RefusedStore>> open_refused_store(const config::Settings& settings);
// In a file of the data folder or a queue of its own.
base::Result<std::unique_ptr<quarantine::Quarantine>> open_quarantine(const config::Settings& settings,
                                                                      std::stop_token stop = {});
// Beside a running service, too; `stop` cuts a long reading short. not_found: nothing was ever quarantined.
base::Result<std::unique_ptr<quarantine::Reader>> open_quarantine_reader(const config::Settings& settings,
                                                                         std::stop_token stop = {});

// Does not connect yet: the lane does, and again after each lost connection.
base::Result<std::unique_ptr<warehouse::Warehouse>> open_warehouse(const config::Settings& settings,
                                                                   const config::TargetSettings& target,
                                                                   std::stop_token stop = {});

// For `schema`, `target` as below. Does not connect.
base::Result<std::unique_ptr<warehouse::SchemaAccess>> open_schema(const config::Settings& settings,
                                                                   const std::string& target);

// "primary" or "secondary" (also one that is switched off); not_found where there is none. Points into `settings`.
base::Result<const config::TargetSettings*> find_target(const config::Settings& settings, const std::string& target);

// For `query`: "primary" or "secondary" (also one that is switched off). Creates nothing.
base::Result<std::unique_ptr<warehouse::Warehouse>> open_for_reading(const config::Settings& settings,
                                                                     const std::string& target);

}  // namespace twinshift::app
