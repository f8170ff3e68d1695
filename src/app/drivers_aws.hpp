// From the configuration to the options of the drivers that call AWS.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "base/error.hpp"
#include "config/settings.hpp"
#include "quarantine/quarantine.hpp"
#include "queue/drivers/sqs/sqs_admin.hpp"
#include "queue/event_queue.hpp"
#include "warehouse/schema_access.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {

// `stop`: ends waiting for credentials, and a reader's sweep.
base::Result<std::unique_ptr<queue::EventQueue>> open_sqs_queue_driver(const config::Settings& settings,
                                                                       std::stop_token stop);
// For commands that look at one of our queues, or move its dead letters. `subject`: for people.
base::Result<queue::SqsAdminOptions> sqs_admin_options(const config::Settings& settings, const std::string& url,
                                                       const std::string& subject);
// What `target` owes, in a queue of its own.
base::Result<std::unique_ptr<queue::EventQueue>> open_sqs_backlog(const config::Settings& settings,
                                                                  const config::TargetSettings& target,
                                                                  std::stop_token stop);

// The quarantine in a queue of its own (QUARANTINE_QUEUE_URL).
base::Result<std::unique_ptr<quarantine::Quarantine>> open_sqs_quarantine(const config::Settings& settings,
                                                                          std::stop_token stop);
std::unique_ptr<quarantine::Reader> open_sqs_quarantine_reader(const config::Settings& settings, std::stop_token stop);

base::Result<std::unique_ptr<warehouse::Warehouse>> open_redshift_data_warehouse_driver(
    const config::Settings& settings, const config::TargetSettings& target, std::stop_token stop);
base::Result<std::unique_ptr<warehouse::SchemaAccess>> open_redshift_data_schema_driver(
    const config::Settings& settings, const config::TargetSettings& target);

}  // namespace twinshift::app
