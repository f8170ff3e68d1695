#include "app/rebuilt_markers.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/books_parts.hpp"
#include "app/books_text.hpp"
#include "app/driver_table.hpp"
#include "base/clock.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;
using std::chrono::milliseconds;

bool may_come_of_waiting(ErrorKind kind) {
  return kind == ErrorKind::unavailable || kind == ErrorKind::conflict || kind == ErrorKind::unknown_outcome;
}

base::Status write_here(const config::Settings& settings, const std::string& target,
                        std::span<const warehouse::RebuiltHour> hours) {
  auto chosen = find_target(settings, target);
  if (!chosen) return base::fail(std::move(chosen.error()));
  auto opened = open_warehouse(settings, **chosen);
  if (!opened) return base::fail(std::move(opened.error()));
  if (auto ready = (*opened)->prepare(); !ready) return ready;
  return mark_settled(**opened, hours);
}

}  // namespace

std::string rebuilt_id(books::Hour hour, std::uint64_t landed, const std::string& instance) {
  std::string id = fmt::format("{}{}-{}", warehouse::kRebuiltPrefix, hour_text(hour), landed);
  return instance.empty() ? id : id + '-' + instance;
}

base::Status mark_settled(warehouse::Warehouse& warehouse, std::span<const warehouse::RebuiltHour> hours) {
  for (int write = 1;; ++write) {
    const auto added = warehouse.mark_rebuilt(hours);
    // After a lost answer what stands there may be our own.
    if (added && (*added == hours.size() || write > 1)) return {};
    if (added) {
      return base::fail(ErrorKind::conflict, "another rebuild has written markers of the same hours meanwhile",
                        warehouse.event_table().quoted(), "Run the same command again: it counts anew");
    }
    if (!may_come_of_waiting(added.error().kind) || write == kMarkWritesMax) return base::fail(added.error());
    if (auto ready = warehouse.prepare(); !ready) return ready;
  }
}

RebuiltMarkers markers_by_lane(const config::Settings& settings, delivery::Delivery& delivery) {
  const auto until = base::system_clock().steady() + kMarkingMax;
  return {.instance = counted_instance(settings),
          .write = [&delivery, until](const std::string& target,
                                      std::span<const warehouse::RebuiltHour> hours) -> base::Status {
            const auto left = std::chrono::duration_cast<milliseconds>(until - base::system_clock().steady());
            // The lane may run on when nobody waits any more.
            const auto own = std::make_shared<std::vector<warehouse::RebuiltHour>>(hours.begin(), hours.end());
            return delivery.run_in_lane(
                target, [own](warehouse::Warehouse& warehouse) { return mark_settled(warehouse, *own); },
                std::clamp(left, milliseconds(0), delivery::kJobMax));
          }};
}

RebuiltMarkers markers_by_hand(const config::Settings& settings) {
  return {.instance = counted_instance(settings),
          .write = [settings](const std::string& target, std::span<const warehouse::RebuiltHour> hours) {
            return write_here(settings, target, hours);
          }};
}

}  // namespace twinshift::app
