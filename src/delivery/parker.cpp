#include "delivery/parker.hpp"

#include <utility>

namespace twinshift::delivery {

Parker::Parker(const TargetLimits& limits, std::uint64_t seed)
    : rows_max_(limits.parking_rows_max), random_(seed), backoff_(limits.retry) {}

void Parker::watch(std::vector<MessageRef> refs, base::SteadyTime at) {
  if (!refs.empty()) watched_.push_back({at, std::move(refs)});
}

std::vector<MessageRef> Parker::take_due(base::SteadyTime now) {
  std::vector<MessageRef> due;
  while (!watched_.empty() && watched_.front().at <= now) {
    due.insert(due.end(), watched_.front().refs.begin(), watched_.front().refs.end());
    watched_.pop_front();
  }
  return due;
}

std::optional<MessageRef> Parker::take_next(base::SteadyTime now) {
  if (waiting_.empty() || now < wait_until_ || rows_under_way_ >= rows_max_) return std::nullopt;
  const MessageRef ref = waiting_.front();
  waiting_.pop_front();
  return ref;
}

std::optional<MessageRef> Parker::take_overflow() {
  if (waiting_.size() <= rows_max_) return std::nullopt;
  const MessageRef ref = waiting_.front();
  waiting_.pop_front();
  return ref;
}

std::uint64_t Parker::sent(std::vector<MessageRef> refs) {
  rows_under_way_ += refs.size();
  groups_.emplace(++groups_sent_, std::move(refs));
  return groups_sent_;
}

std::vector<MessageRef> Parker::answered(std::uint64_t group, bool parked, base::SteadyTime now) {
  const auto found = groups_.find(group);
  if (found == groups_.end()) return {};
  std::vector<MessageRef> refs = std::move(found->second);
  groups_.erase(found);
  rows_under_way_ -= refs.size();
  if (parked) {
    backoff_.reset();
    wait_until_ = {};
  } else {
    wait_until_ = now + backoff_.next(random_);
  }
  return refs;
}

std::optional<base::SteadyTime> Parker::wake_at() const {
  std::optional<base::SteadyTime> at;
  if (!watched_.empty()) at = watched_.front().at;
  if (!waiting_.empty() && rows_under_way_ < rows_max_ && (!at || wait_until_ < *at)) at = wait_until_;
  return at;
}

}  // namespace twinshift::delivery
