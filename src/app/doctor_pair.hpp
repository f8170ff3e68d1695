// The two targets beside each other. Any thread; blocks for some queries.
#pragma once

#include <memory>

#include "app/doctor_run.hpp"
#include "config/settings.hpp"
#include "warehouse/schema_access.hpp"

namespace twinshift::app {

// `separate` and `parity`, of two tables that were read.
Group pair_group(const std::shared_ptr<const config::Settings>& settings, const warehouse::SchemaDescription& primary,
                 const warehouse::SchemaDescription& secondary);

// What differs between the two though neither differs so from the catalogue.
Finding judge_parity(const warehouse::SchemaDescription& primary, const warehouse::SchemaDescription& secondary);

}  // namespace twinshift::app
