#include "tests/simulation/sim_queue.hpp"

#include <algorithm>

namespace twinshift::simulation {

void SimQueue::put(event::EventPtr event) {
  ++copies_[event->key];
  items_.emplace(++ids_, Item{.event = std::move(event)});
}

std::vector<delivery::Arrival> SimQueue::receive(std::size_t rows_max, base::SteadyTime now,
                                                 std::chrono::milliseconds lease) {
  std::vector<delivery::Arrival> arrivals;
  for (auto& [id, item] : items_) {
    if (arrivals.size() >= rows_max) break;
    if (item.visible_at > now) continue;
    item.visible_at = now + lease;
    arrivals.push_back({.event = item.event,
                        .receipt = {.id = id, .generation = ++item.generation, .handle = {}},
                        .attempt = ++item.attempts,
                        .deadline = item.visible_at});
  }
  return arrivals;
}

const SimQueue::Item* SimQueue::valid(const queue::Receipt& receipt) const {
  const auto found = items_.find(receipt.id);
  return found != items_.end() && found->second.generation == receipt.generation ? &found->second : nullptr;
}

event::EventPtr SimQueue::find(const queue::Receipt& receipt) const {
  const Item* item = valid(receipt);
  return item != nullptr ? item->event : nullptr;
}

void SimQueue::acknowledge(const queue::Receipt& receipt) {
  const Item* item = valid(receipt);
  if (item == nullptr) return;
  --copies_[item->event->key];
  items_.erase(receipt.id);
}

void SimQueue::release(const queue::Receipt& receipt, base::SteadyTime at) {
  if (valid(receipt) == nullptr) return;
  Item& item = items_[receipt.id];
  item.visible_at = at;
  ++item.generation;
}

void SimQueue::extend(const queue::Receipt& receipt, base::SteadyTime until) {
  if (valid(receipt) != nullptr) items_[receipt.id].visible_at = until;
}

void SimQueue::reopen() {
  for (auto& [id, item] : items_) {
    ++item.generation;
    item.attempts = 0;
    item.visible_at = {};
  }
}

bool SimQueue::holds(std::int64_t event_key) const {
  const auto found = copies_.find(event_key);
  return found != copies_.end() && found->second > 0;
}

std::optional<base::SteadyTime> SimQueue::next_visible() const {
  std::optional<base::SteadyTime> at;
  for (const auto& [id, item] : items_) {
    if (!at || item.visible_at < *at) at = item.visible_at;
  }
  return at;
}

}  // namespace twinshift::simulation
