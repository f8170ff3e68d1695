#include "warehouse/event_places.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"
#include "warehouse/stored_event.hpp"

namespace twinshift::warehouse {
std::string ids_sql(std::span<const EventPlace> places) {
  TWINSHIFT_ASSERT(!places.empty());
  std::string ids;
  for (const EventPlace& place : places) ids += fmt::format("{}'{}'", ids.empty() ? "" : ",", place.id.hex());
  return "event_id IN (" + ids + ')';
}

std::string places_sql(std::span<const EventPlace> places) {
  return places_condition(places) + " AND " + ids_sql(places);
}

std::string exact_places_sql(std::span<const EventPlace> places) {
  std::string pairs;
  for (const EventPlace& place : places) {
    pairs += fmt::format("{}(event_id = '{}' AND {})", pairs.empty() ? "" : " OR ", place.id.hex(),
                         places_condition({&place, 1}));
  }
  // The wider conditions are for the table's order and its index.
  return places_sql(places) + " AND (" + pairs + ')';
}

}  // namespace twinshift::warehouse
