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

}  // namespace twinshift::warehouse
