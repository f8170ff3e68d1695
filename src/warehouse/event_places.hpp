// The condition that picks rows of named events out of an event table, one text for all dialects. Any thread; no I/O.
#pragma once

#include <span>
#include <string>

#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

// event_id IN ('...',...): 35 bytes a place. There must be one.
std::string ids_sql(std::span<const EventPlace> places);

// places_condition() AND event_id IN (...). There must be a place.
std::string places_sql(std::span<const EventPlace> places);

// The rows of these events at these times alone, to the second: an id is held against its own time. Some 150 bytes a
// place. There must be one.
std::string exact_places_sql(std::span<const EventPlace> places);

}  // namespace twinshift::warehouse
