// From the configuration to the options of the embedded drivers.
#pragma once

#include <memory>
#include <stop_token>

#include "base/error.hpp"
#include "config/settings.hpp"
#include "quarantine/quarantine.hpp"
#include "queue/event_queue.hpp"
#include "warehouse/schema_access.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {

// `stop`: as the driver table says; files wait for nobody.
base::Result<std::unique_ptr<queue::EventQueue>> open_sqlite_queue_driver(const config::Settings& settings,
                                                                          std::stop_token stop);
// What `target` owes, in a file of its own.
// Where earlier versions kept what the secondary owes.
base::Result<std::unique_ptr<queue::EventQueue>> open_old_backlog_file(const config::Settings& settings,
                                                                       const config::TargetSettings& target);
// Where events wait while SQS is out of reach (SQS_SPOOL).
base::Result<std::unique_ptr<queue::EventQueue>> open_sqlite_spool(const config::Settings& settings);
base::Result<std::unique_ptr<quarantine::Quarantine>> open_sqlite_quarantine_file(const config::Settings& settings);
base::Result<std::unique_ptr<quarantine::Reader>> open_sqlite_quarantine_file_reader(const config::Settings& settings);
base::Result<std::unique_ptr<warehouse::Warehouse>> open_sqlite_warehouse_driver(const config::Settings& settings,
                                                                                 const config::TargetSettings& target,
                                                                                 std::stop_token stop);

base::Result<std::unique_ptr<warehouse::SchemaAccess>> open_sqlite_schema_driver(const config::Settings& settings,
                                                                                 const config::TargetSettings& target);

}  // namespace twinshift::app
