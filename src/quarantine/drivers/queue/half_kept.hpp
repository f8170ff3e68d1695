// Refusals that were kept although their put() failed, because another one of it was not. The caller puts all of them
// again; these need no second message, or a put() that fails for long would fill the queue. One thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "base/clock.hpp"

namespace twinshift::quarantine {

// Two messages may bring the same event: each is kept for itself.
inline std::string message_name(const std::string& event_id, base::WallTime received_at) {
  return event_id + '@' + std::to_string(received_at.time_since_epoch().count());
}

class HalfKept {
 public:
  using Name = std::pair<std::string, std::string>;  // target, message_name()

  // Beyond the bound it is not remembered: kept twice then, which is one record all the same.
  void remember(Name name, base::SteadyTime now) {
    if (until_.size() >= kNamesMax) forget_old(now);
    if (until_.size() < kNamesMax) until_[std::move(name)] = now + kRememberedFor;
  }

  // True where it was kept lately; it is then forgotten.
  bool take(const Name& name, base::SteadyTime now) {
    const auto found = until_.find(name);
    if (found == until_.end()) return false;
    const bool is_young = now < found->second;
    until_.erase(found);
    return is_young;
  }

  // When something was removed: it may be one of these.
  void forget_all() { until_.clear(); }

  static constexpr std::size_t kNamesMax = 10'000;
  // A put() is repeated within seconds. A later refusal of the same event is another one and has to be kept.
  static constexpr std::chrono::minutes kRememberedFor{5};

 private:
  void forget_old(base::SteadyTime now) {
    std::erase_if(until_, [&](const auto& each) { return each.second <= now; });
  }

  std::map<Name, base::SteadyTime> until_;
};

}  // namespace twinshift::quarantine
