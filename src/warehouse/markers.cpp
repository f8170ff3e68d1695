#include "warehouse/markers.hpp"

namespace twinshift::warehouse {

base::WallTime hour_of(base::WallTime time) {
  return std::chrono::floor<std::chrono::hours>(time);
}

void MarkerSums::add(const event::Event& event, Outcome outcome) {
  const Place place{hour_of(event.event_at), hour_of(event.received_at)};
  if (last_ == nullptr || last_->window_at != place.first || last_->arrival_at != place.second) {
    last_ = &rows_[place];
    last_->window_at = place.first;
    last_->arrival_at = place.second;
  }
  ++last_->sent;
  if (outcome == Outcome::duplicate) ++last_->duplicate;
  if (outcome != Outcome::written) return;
  ++last_->inserted;
  last_->key_low_sum += key_low(event.key);
  last_->key_high_sum += key_high(event.key);
}

std::vector<MarkerRow> MarkerSums::rows() const {
  std::vector<MarkerRow> rows;
  rows.reserve(rows_.size());
  for (const auto& [place, row] : rows_) rows.push_back(row);
  return rows;
}

void MarkerSums::clear() {
  rows_.clear();
  last_ = nullptr;
}

}  // namespace twinshift::warehouse
