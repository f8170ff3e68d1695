#include "warehouse/event_places.hpp"

#include <vector>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/time_text.hpp"
#include "warehouse/lookup_ranges.hpp"

namespace twinshift::warehouse {
namespace {

using namespace std::chrono_literals;

// A column may hold its time more coarsely than we gave it.
constexpr auto kSlack = 1s;

}  // namespace

std::string ids_sql(std::span<const EventPlace> places) {
  TWINSHIFT_ASSERT(!places.empty());
  std::string ids;
  for (const EventPlace& place : places) ids += fmt::format("{}'{}'", ids.empty() ? "" : ",", place.id.hex());
  return "event_id IN (" + ids + ')';
}

std::string places_sql(std::span<const EventPlace> places) {
  std::vector<base::WallTime> times;
  for (const EventPlace& place : places) times.push_back(place.event_at);
  std::string ranges;
  for (const TimeRange& range : lookup_ranges(std::move(times))) {
    ranges += fmt::format("{}event_at BETWEEN '{}' AND '{}'", ranges.empty() ? "" : " OR ",
                          base::sql_timestamp(range.first - kSlack), base::sql_timestamp(range.last + kSlack));
  }
  return fmt::format("({}) AND {}", ranges, ids_sql(places));
}

}  // namespace twinshift::warehouse
