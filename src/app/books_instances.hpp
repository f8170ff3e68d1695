// `twinshift books --instances`: what each instance has published (docs/formats/owed.md), read from the primary.
#pragma once

#include <vector>

#include "base/error.hpp"
#include "config/settings.hpp"
#include "warehouse/owed.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {

// Columns: instance, target, hour, received, owed, quarantined, waived, as_of. A pure function.
warehouse::Table instances_table(const std::vector<warehouse::OwedRow>& rows);

// By a connection of its own. Errors are those of Warehouse::query().
base::Result<std::vector<warehouse::OwedRow>> read_instances(const config::Settings& settings);

}  // namespace twinshift::app
