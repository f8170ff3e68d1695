#include "warehouse/drivers/redshift_data/batch_outline.hpp"

#include <algorithm>
#include <numeric>

#include "warehouse/markers.hpp"

namespace twinshift::warehouse {

std::vector<std::uint32_t> first_of_each(const Batch& batch) {
  std::vector<std::uint32_t> order(batch.events.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](std::uint32_t place) { return batch.events[place]->id; });
  std::vector<std::uint32_t> first(batch.events.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool again = i > 0 && batch.events[order[i]]->id == batch.events[order[i - 1]]->id;
    first[order[i]] = again ? first[order[i - 1]] : order[i];
  }
  return first;
}

std::size_t PlaceList::index(const event::Event& event) {
  const auto [found, fresh] =
      numbers_.try_emplace({hour_of(event.event_at), hour_of(event.received_at)}, places_.size());
  if (fresh)
    places_.push_back({.number = places_.size(), .window_at = found->first.first, .arrival_at = found->first.second});
  return found->second;
}

}  // namespace twinshift::warehouse
