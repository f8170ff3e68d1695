#include "backlog/drivers/segments/inbox.hpp"

#include <utility>

#include "backlog/drivers/segments/block_format.hpp"

namespace twinshift::backlog::segments {
namespace {

// One round of the writer; a larger group goes alone.
constexpr std::size_t kRoundEventsMax = 4'096;
constexpr std::size_t kRoundBytesMax = 16'000'000;

}  // namespace

std::size_t ParkGroup::bytes() const {
  std::size_t bytes = 0;
  for (const event::EventPtr& event : events) bytes += event->json.size();
  return bytes;
}

Inbox::Put Inbox::put(ParkGroup& group) {
  const std::size_t bytes = group.bytes();
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return Put::closed;
    const bool room =
        events_waiting_ + group.events.size() <= bounds_.events_max && bytes_waiting_ + bytes <= bounds_.bytes_max;
    // A group larger than the whole bound is taken alone: refusing it would refuse it for ever.
    if (!room && events_waiting_ > 0) return Put::full;
    events_waiting_ += group.events.size();
    bytes_waiting_ += bytes;
    events_queued_ += group.events.size();
    bytes_queued_ += bytes;
    groups_.push_back(std::move(group));
  }
  filled_.notify_one();
  return Put::taken;
}

Inbox::Put Inbox::put(Settled& settled) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return Put::closed;
    settled_.push_back(std::move(settled));
  }
  filled_.notify_one();
  return Put::taken;
}

void Inbox::put_lost(std::vector<EventRange> ranges) {
  {
    const std::lock_guard lock(mutex_);
    lost_.insert(lost_.end(), ranges.begin(), ranges.end());
  }
  filled_.notify_one();
}

void Inbox::put_gone(std::uint32_t segment) {
  {
    const std::lock_guard lock(mutex_);
    gone_.push_back(segment);
  }
  filled_.notify_one();
}

bool Inbox::full_block() const {
  return events_queued_ >= kBlockEventsMax || bytes_queued_ >= kBlockRawBytesMax;
}

Work Inbox::take(std::chrono::milliseconds wait) {
  Work work;
  std::unique_lock lock(mutex_);
  const auto ready = [&] { return closed_ || any(); };
  if (wait == std::chrono::milliseconds::max()) {
    filled_.wait(lock, ready);
  } else {
    filled_.wait_for(lock, wait, ready);
  }
  const bool only_parks = settled_.empty() && lost_.empty() && gone_.empty();
  if (only_parks && !groups_.empty()) {
    filled_.wait_until(lock, next_block_, [&] { return closed_ || full_block() || !settled_.empty(); });
  }
  while (!groups_.empty() && (work.events == 0 || (work.events + groups_.front().events.size() <= kRoundEventsMax &&
                                                   work.bytes + groups_.front().bytes() <= kRoundBytesMax))) {
    work.events += groups_.front().events.size();
    work.bytes += groups_.front().bytes();
    work.parks.push_back(std::move(groups_.front()));
    groups_.pop_front();
  }
  events_queued_ -= work.events;
  bytes_queued_ -= work.bytes;
  work.settled.swap(settled_);
  work.lost.swap(lost_);
  work.gone.swap(gone_);
  work.closing = closed_ && groups_.empty();
  if (work.events > 0) next_block_ = std::chrono::steady_clock::now() + bounds_.gather;
  return work;
}

void Inbox::written(const Work& work) {
  const std::lock_guard lock(mutex_);
  events_waiting_ -= work.events;
  bytes_waiting_ -= work.bytes;
}

void Inbox::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  filled_.notify_all();
}

}  // namespace twinshift::backlog::segments
