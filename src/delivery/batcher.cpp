#include "delivery/batcher.hpp"

#include <algorithm>

namespace twinshift::delivery {

std::optional<base::SteadyTime> Batcher::start_at(base::SteadyTime idle_since) const {
  if (waiting_.empty()) return std::nullopt;
  const base::SteadyTime oldest = waiting_.front().since;
  if (waiting_.size() >= cap_.rows() || bytes_ >= limits_.batch_bytes_max) return oldest;
  return std::max(oldest, std::min(oldest, idle_since) + limits_.batch_age_max);
}

std::vector<MessageRef> Batcher::take() {
  std::vector<MessageRef> refs;
  refs.reserve(std::min(waiting_.size(), cap_.rows()));
  std::size_t taken_bytes = 0;
  while (!waiting_.empty() && refs.size() < cap_.rows()) {
    const Waiting& next = waiting_.front();
    if (!refs.empty() && taken_bytes + next.bytes > limits_.batch_bytes_max) break;
    taken_bytes += next.bytes;
    refs.push_back(next.ref);
    waiting_.pop_front();
  }
  bytes_ -= taken_bytes;
  return refs;
}

std::vector<MessageRef> Batcher::take_all() {
  std::vector<MessageRef> refs;
  refs.reserve(waiting_.size());
  for (const Waiting& each : waiting_) refs.push_back(each.ref);
  waiting_.clear();
  bytes_ = 0;
  return refs;
}

}  // namespace twinshift::delivery
