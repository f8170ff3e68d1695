#include "quarantine/drivers/queue/record_book.hpp"

#include <algorithm>
#include <iterator>

namespace twinshift::quarantine {
namespace {

void take_reason(Record& record, const Record& last) {
  record.quarantined_at = last.quarantined_at;
  record.column = last.column;
  record.error_class = last.error_class;
  record.message = last.message;
}

// Of the record that `refusal` is about: the message that was refused.
void add_arrival(Record& record, const Record& refusal) {
  std::vector<Arrival>& further = record.further_arrivals;
  const base::WallTime at = refusal.received_at;
  if (at == record.received_at || further.size() >= kFurtherArrivalsMax) return;
  const auto place = std::ranges::lower_bound(further, at, {}, &Arrival::received_at);
  if (place == further.end() || place->received_at != at) further.insert(place, {at, refusal.message_id});
}

}  // namespace

void RecordBook::take_json(Entry& entry, std::string_view event) {
  json_bytes_ -= entry.record.json.size();
  entry.record.json.clear();
  entry.has_json = event.size() <= json_bytes_max_ - std::min(json_bytes_, json_bytes_max_);
  if (!entry.has_json) return;
  entry.record.json = event;
  json_bytes_ += event.size();
}

void RecordBook::add(Record refusal, std::string_view event) {
  Entry& entry = entries_[{refusal.event_id, refusal.target}];
  const auto place = std::ranges::lower_bound(entry.numbers, refusal.id);
  if (place != entry.numbers.end() && *place == refusal.id) return;
  const bool is_first = place == entry.numbers.begin();
  const bool is_last = place == entry.numbers.end();
  entry.numbers.insert(place, refusal.id);
  Record& record = entry.record;
  const std::uint64_t tries = record.tries + refusal.tries;
  if (is_first) {
    Record later = std::exchange(record, std::move(refusal));
    record.json = std::move(later.json);  // counted, so take_json() gives it up
    take_json(entry, event);
    record.further_arrivals = std::move(later.further_arrivals);
    std::erase_if(record.further_arrivals, [&](const Arrival& each) { return each.received_at == record.received_at; });
    if (!is_last) {
      take_reason(record, later);
      add_arrival(record, later);
    }
  } else {
    if (is_last) take_reason(record, refusal);
    add_arrival(record, refusal);
  }
  record.tries = tries;
}

std::vector<Entry> RecordBook::take() {
  std::vector<Entry> entries;
  entries.reserve(entries_.size());
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    const auto next = std::next(at);
    const bool as_before = at != entries_.begin() && std::prev(at)->first.first == at->first.first;
    const bool as_next = next != entries_.end() && next->first.first == at->first.first;
    at->second.record.both_sides = as_before || as_next;
    entries.push_back(std::move(at->second));
  }
  entries_.clear();
  json_bytes_ = 0;
  std::ranges::sort(entries, [](const Entry& a, const Entry& b) { return a.numbers.front() < b.numbers.front(); });
  return entries;
}

}  // namespace twinshift::quarantine
