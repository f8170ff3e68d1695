#include "delivery/settlement.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace twinshift::delivery {

std::size_t event_bytes(const event::Event& event) {
  return sizeof(event::Event) + event.json.capacity() + event.fields.capacity() * sizeof(event::Field);
}

MessageRef Settlement::add(Arrival arrival, Source source, base::SteadyTime now) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(entries_.size()));
    entries_.emplace_back();
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  Entry& entry = entries_[slot];
  entry.bytes = event_bytes(*arrival.event);
  entry.arrival = std::move(arrival);
  entry.source = source;
  entry.since = now;
  entry.used = true;
  entry.parts.fill(Part::settled);
  entry.parts_open = 0;
  entry.holders_open = 0;
  for (LaneIndex lane = 0; lane < holders_.size(); ++lane) {
    if (source != kQueue && source != lane) continue;
    entry.parts[lane] = Part::queued;
    ++entry.parts_open;
    if (source != kQueue) continue;
    if (holders_[lane]) ++entry.holders_open;
    ++queued_[lane].rows;
    queued_[lane].bytes += entry.bytes;
  }
  if (entry.holders_open > 0) {
    ++held_rows_;
    held_bytes_ += entry.bytes;
  }
  ++in_hand_;
  return {slot, entry.generation};
}

Entry* Settlement::find(MessageRef ref) {
  if (ref.slot >= entries_.size()) return nullptr;
  Entry& entry = entries_[ref.slot];
  return entry.used && entry.generation == ref.generation ? &entry : nullptr;
}

void Settlement::move(Entry& entry, LaneIndex lane, Part part) {
  TWINSHIFT_ASSERT(part != Part::settled && entry.parts[lane] != Part::settled);
  if (entry.parts[lane] == part) return;
  unqueue(entry, lane);
  entry.parts[lane] = part;
  if (part != Part::queued || entry.source != kQueue) return;
  ++queued_[lane].rows;
  queued_[lane].bytes += entry.bytes;
}

void Settlement::settle(MessageRef ref, LaneIndex lane) {
  Entry* entry = find(ref);
  if (entry == nullptr || entry->parts[lane] == Part::settled) return;
  unqueue(*entry, lane);
  entry->parts[lane] = Part::settled;
  --entry->parts_open;
  if (entry->source == kQueue && holders_[lane] && --entry->holders_open == 0) unhold(*entry);
  if (entry->parts_open > 0) return;
  auto group = std::ranges::find(settled_, entry->source, [](const auto& pair) { return pair.first; });
  if (group == settled_.end()) group = settled_.insert(group, {entry->source, {}});
  group->second.push_back(std::move(entry->arrival.receipt));
  ++acknowledged_;
  free(*entry, ref.slot);
}

Arrival Settlement::drop(MessageRef ref) {
  Entry* entry = find(ref);
  TWINSHIFT_ASSERT(entry != nullptr);
  if (entry->holders_open > 0) unhold(*entry);
  for (LaneIndex lane = 0; lane < holders_.size(); ++lane) unqueue(*entry, lane);
  Arrival arrival = std::move(entry->arrival);
  free(*entry, ref.slot);
  return arrival;
}

void Settlement::flush(Actions& actions) {
  for (auto& [source, receipts] : settled_) {
    if (receipts.empty()) continue;
    actions.emplace_back(Acknowledge{.source = source, .receipts = std::move(receipts)});
    receipts = {};
  }
}

void Settlement::unqueue(const Entry& entry, LaneIndex lane) {
  if (entry.parts[lane] != Part::queued || entry.source != kQueue) return;
  --queued_[lane].rows;
  queued_[lane].bytes -= entry.bytes;
}

void Settlement::free(Entry& entry, std::uint32_t slot) {
  entry.arrival = {};
  entry.used = false;
  ++entry.generation;
  --in_hand_;
  free_.push_back(slot);
}

void Settlement::unhold(const Entry& entry) {
  --held_rows_;
  held_bytes_ -= entry.bytes;
}

}  // namespace twinshift::delivery
