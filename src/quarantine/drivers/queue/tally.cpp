#include "quarantine/drivers/queue/tally.hpp"

#include <functional>

namespace twinshift::quarantine {
namespace {

std::uint64_t key_of(std::string_view event_id) {
  return std::hash<std::string_view>{}(event_id);
}

}  // namespace

void Tally::add(const std::string& target, std::uint64_t event) {
  auto& events = known_[target];
  if (known_count_ >= kTalliedMax) {
    if (!events.contains(event)) ++beyond_[target];
    return;
  }
  known_count_ += events.insert(event).second ? 1 : 0;
}

void Tally::kept(const std::string& target, std::string_view event_id) {
  const std::uint64_t event = key_of(event_id);
  if (is_sweeping_ && meanwhile_.size() < kTalliedMax) meanwhile_.emplace_back(target, event);
  add(target, event);
}

void Tally::sweep_begins() {
  is_sweeping_ = true;
  meanwhile_.clear();
}

void Tally::sweep_ends(const std::vector<std::pair<std::string, std::string>>& records) {
  is_sweeping_ = false;
  known_.clear();
  beyond_.clear();
  known_count_ = 0;
  for (const auto& [target, event_id] : records) add(target, key_of(event_id));
  for (const auto& [target, event] : meanwhile_) add(target, event);
  meanwhile_.clear();
}

std::map<std::string, std::uint64_t> Tally::counts() const {
  std::map<std::string, std::uint64_t> counts;
  for (const auto& [target, events] : known_) {
    if (!events.empty()) counts[target] = events.size();
  }
  for (const auto& [target, more] : beyond_) counts[target] += more;
  return counts;
}

}  // namespace twinshift::quarantine
