// The columns of an event table that we make, whatever the warehouse. Any thread.
#pragma once

#include <vector>

#include "event/row.hpp"

namespace twinshift::warehouse {

// In their order: ours, AppsFlyer's, `extra`.
std::vector<event::Column> table_columns();

}  // namespace twinshift::warehouse
