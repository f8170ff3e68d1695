// A batch before it is sent: doubles within it found, the rest in the order it is written in. No I/O.
#pragma once

#include <cstdint>
#include <vector>

#include "warehouse/lookup_ranges.hpp"
#include "warehouse/markers.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

struct BatchPlan {
  // Places in the batch, in order of event_id: two writers with the same events wait for each other in one order.
  std::vector<std::uint32_t> rows;
  // By the batch's order: `written` for what is in `rows`, `duplicate` for the others.
  std::vector<Outcome> outcomes;
  // Of the others those that are not the very message of the first equal one: received_at differs.
  std::vector<std::uint32_t> doubles;
};
BatchPlan plan_batch(const Batch& batch);

std::vector<TimeRange> ranges_of(const Batch& batch, const BatchPlan& plan);
std::vector<MarkerRow> markers_of(const Batch& batch, const std::vector<Outcome>& outcomes);

}  // namespace twinshift::warehouse
