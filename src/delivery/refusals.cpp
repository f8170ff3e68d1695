#include "delivery/refusals.hpp"

#include <utility>

namespace twinshift::delivery {

bool Refusals::proven(const event::EventId& id) const {
  const auto found = remembered_.find(id);
  return found != remembered_.end() && inserted_ > found->second.inserted;
}

std::uint32_t Refusals::tries(const event::EventId& id) const {
  const auto found = remembered_.find(id);
  return found == remembered_.end() ? 0 : found->second.tries;
}

void Refusals::remember(const event::EventId& id) {
  Refusal& refusal = note(id);
  ++refusal.tries;
}

void Refusals::recorded(const event::EventId& id) {
  note(id).tries = 0;
}

Refusals::Refusal& Refusals::note(const event::EventId& id) {
  const bool known = remembered_.contains(id);
  if (!known) order_.push_back(id);
  while (order_.size() > kRememberedMax) {
    remembered_.erase(order_.front());
    order_.pop_front();
  }
  Refusal& refusal = remembered_[id];
  refusal.inserted = inserted_;
  return refusal;
}

std::uint64_t Refusals::sent(Group group) {
  for (const quarantine::Refused& each : group.events) note(each.event->id);
  groups_.emplace(++groups_sent_, std::move(group));
  return groups_sent_;
}

Refusals::Group Refusals::answered(std::uint64_t group) {
  const auto found = groups_.find(group);
  if (found == groups_.end()) return {};
  Group answered = std::move(found->second);
  groups_.erase(found);
  return answered;
}

}  // namespace twinshift::delivery
