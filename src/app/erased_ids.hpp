// Which of these events are noted in a target's `twinshift_erased` (docs/formats/erased.md). Asks only; the thread that
// owns the connection.
#pragma once

#include <set>
#include <span>
#include <string>

#include "base/error.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {

// Their ids, as hexadecimal digits. None where there is no such table. Errors: those of Warehouse::query().
base::Result<std::set<std::string>> erased_among(warehouse::Warehouse& warehouse,
                                                 std::span<const warehouse::EventPlace> events);

}  // namespace twinshift::app
