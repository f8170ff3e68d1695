// The markers that a rebuilt target gets in place of those that were lost with its table: as others they stand beside
// it, so whatever takes the table again takes them too, and the books see it (docs/formats/loads.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/error.hpp"
#include "books/ledger.hpp"
#include "config/settings.hpp"
#include "delivery/delivery.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {

// How often the same markers are written where the connection was lost, the first time included.
inline constexpr int kMarkWritesMax = 3;
// In the service nothing more is begun so long after the request, and nothing waited for: a count still follows.
inline constexpr std::chrono::seconds kMarkingMax{200};

struct RebuiltMarkers {
  // Whose markers the books count; empty: everybody's (a shared queue).
  std::string instance{};
  // At most warehouse::kRebuiltHoursMax. `conflict`: some stood there; else as Warehouse::mark_rebuilt().
  std::function<base::Status(const std::string& target, std::span<const warehouse::RebuiltHour> hours)> write{};
};

// `landed`: what the target's markers show of the hour so far. Whoever has counted the same writes the same id, so two
// rebuilds at once leave one marker; afterwards more has landed, which makes another id.
std::string rebuilt_id(books::Hour hour, std::uint64_t landed, const std::string& instance);

// On the lane's thread, or that of a command that holds the data folder.
base::Status mark_settled(warehouse::Warehouse& warehouse, std::span<const warehouse::RebuiltHour> hours);

// In the service, for one request that begins now: on the target's lane, between two batches.
RebuiltMarkers markers_by_lane(const config::Settings& settings, delivery::Delivery& delivery);
// In a command that holds the data folder.
RebuiltMarkers markers_by_hand(const config::Settings& settings);

}  // namespace twinshift::app
