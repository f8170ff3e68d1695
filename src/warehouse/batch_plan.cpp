#include "warehouse/batch_plan.hpp"

#include <algorithm>
#include <numeric>

namespace twinshift::warehouse {

BatchPlan plan_batch(const Batch& batch) {
  BatchPlan plan;
  plan.outcomes.assign(batch.events.size(), Outcome::duplicate);
  std::vector<std::uint32_t> order(batch.events.size());
  std::iota(order.begin(), order.end(), 0U);
  // Stable: of equal events the first of the batch is the one that is written.
  std::ranges::stable_sort(order, {}, [&](std::uint32_t place) { return batch.events[place]->id; });
  for (const std::uint32_t place : order) {
    if (!plan.rows.empty() && batch.events[plan.rows.back()]->id == batch.events[place]->id) {
      const bool same_message = batch.events[plan.rows.back()]->received_at == batch.events[place]->received_at;
      if (!same_message) plan.doubles.push_back(place);
      continue;
    }
    plan.rows.push_back(place);
    plan.outcomes[place] = Outcome::written;
  }
  return plan;
}

std::vector<TimeRange> ranges_of(const Batch& batch, const BatchPlan& plan) {
  std::vector<base::WallTime> times;
  times.reserve(plan.rows.size());
  for (const std::uint32_t place : plan.rows) times.push_back(batch.events[place]->event_at);
  return lookup_ranges(std::move(times));
}

std::vector<MarkerRow> markers_of(const Batch& batch, const std::vector<Outcome>& outcomes) {
  MarkerSums sums;
  for (std::size_t i = 0; i < batch.events.size(); ++i) sums.add(*batch.events[i], outcomes[i]);
  return sums.rows();
}

}  // namespace twinshift::warehouse
