#include "backlog/queue_backlog.hpp"

#include <algorithm>
#include <utility>

#include "queue/group_done.hpp"

namespace twinshift::backlog {

QueueBacklog::QueueBacklog(std::string target, std::unique_ptr<queue::EventQueue> queue)
    : Backlog(std::move(target)), queue_(std::move(queue)) {}

QueueBacklog::~QueueBacklog() {
  close();
}

void QueueBacklog::park(std::vector<event::EventPtr> events, queue::Done done) {
  if (events.empty()) return done({});
  const auto group = std::make_shared<queue::GroupDone>(events.size(), std::move(done));
  for (const event::EventPtr& event : events) {
    queue_->enqueue({.body = event->json, .message_id = event->message_id, .received_at = event->received_at},
                    [group](base::Status status) { group->part(std::move(status)); });
  }
}

base::Result<std::vector<queue::Lease>> QueueBacklog::receive(std::size_t events_max, std::chrono::milliseconds wait,
                                                              std::stop_token stop) {
  return queue_->receive(events_max, wait, std::move(stop));
}

void QueueBacklog::acknowledge(std::vector<queue::Receipt> receipts, queue::Done done) {
  queue_->acknowledge(std::move(receipts), std::move(done));
}

void QueueBacklog::release(const std::vector<queue::Receipt>& receipts, std::chrono::milliseconds delay) {
  queue_->release(receipts, delay);
}

void QueueBacklog::extend(const std::vector<queue::Receipt>& receipts, std::chrono::milliseconds duration) {
  queue_->extend(receipts, duration);
}

BacklogStatus QueueBacklog::status() {
  queue::QueueStatus status = queue_->status();
  // As long as it is not known, it may be anything but nothing: whoever asks what is owed must not take it for empty.
  const std::uint64_t owed = status.depth + status.dead_lettered;
  return {.owed = status.depth_known ? owed : std::max<std::uint64_t>(1, owed),
          .oldest_age = status.oldest_age,
          .trouble = std::move(status.trouble),
          .storage = {}};
}

base::Result<queue::Arrivals> QueueBacklog::count_arrivals() {
  return queue_->count_arrivals();
}

void QueueBacklog::close() {
  queue_->close();
}

}  // namespace twinshift::backlog
