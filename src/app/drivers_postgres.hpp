// From the configuration to the options of the driver for PostgreSQL and Redshift over the wire.
#pragma once

#include <memory>
#include <stop_token>

#include "base/error.hpp"
#include "config/settings.hpp"
#include "warehouse/schema_access.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {

base::Result<std::unique_ptr<warehouse::Warehouse>> open_postgres_warehouse_driver(const config::Settings& settings,
                                                                                   const config::TargetSettings& target,
                                                                                   std::stop_token stop);

base::Result<std::unique_ptr<warehouse::SchemaAccess>> open_postgres_schema_driver(
    const config::Settings& settings, const config::TargetSettings& target);

}  // namespace twinshift::app
