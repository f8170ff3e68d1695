// The condition that picks rows of named events out of an event table, one text for all dialects. Any thread; no I/O.
#pragma once

#include <span>
#include <string>

#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

// event_id IN ('...',...): 35 bytes a place. There must be one.
std::string ids_sql(std::span<const EventPlace> places);

// (event_at BETWEEN ... OR ...) AND event_id IN (...): the ranges are those of lookup_ranges(), a second wider at both
// ends. There must be a place.
std::string places_sql(std::span<const EventPlace> places);

}  // namespace twinshift::warehouse
