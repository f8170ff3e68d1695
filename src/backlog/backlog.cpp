#include "backlog/backlog.hpp"

#include <utility>

#include "base/failpoint.hpp"
#include "queue/group_done.hpp"

namespace twinshift::backlog {

Backlog::Backlog(std::string target, std::unique_ptr<queue::EventQueue> queue)
    : target_(std::move(target)), queue_(std::move(queue)) {}

Backlog::~Backlog() {
  close();
}

void Backlog::park(std::vector<event::EventPtr> events, queue::Done done) {
  if (events.empty()) return done({});
  base::failpoint(base::Failpoint::backlog_park_before);
  done = [done = std::move(done)](base::Status status) mutable {
    base::failpoint(base::Failpoint::backlog_park_after);
    done(std::move(status));
  };
  const auto group = std::make_shared<queue::GroupDone>(events.size(), std::move(done));
  for (const event::EventPtr& event : events) {
    queue_->enqueue({.body = event->json, .message_id = event->message_id, .received_at = event->received_at},
                    [group](base::Status status) { group->part(std::move(status)); });
  }
}

base::Result<std::vector<queue::Lease>> Backlog::receive(std::size_t events_max, std::chrono::milliseconds wait,
                                                         std::stop_token stop) {
  auto leases = queue_->receive(events_max, wait, std::move(stop));
  if (leases && !leases->empty()) base::failpoint(base::Failpoint::backlog_fetched);
  return leases;
}

void Backlog::acknowledge(std::vector<queue::Receipt> receipts, queue::Done done) {
  base::failpoint(base::Failpoint::backlog_erase_before);
  queue_->acknowledge(std::move(receipts), [done = std::move(done)](base::Status status) mutable {
    base::failpoint(base::Failpoint::backlog_erase_after);
    done(std::move(status));
  });
}

void Backlog::release(const std::vector<queue::Receipt>& receipts, std::chrono::milliseconds delay) {
  queue_->release(receipts, delay);
}

void Backlog::extend(const std::vector<queue::Receipt>& receipts, std::chrono::milliseconds duration) {
  queue_->extend(receipts, duration);
}

BacklogStatus Backlog::status() {
  queue::QueueStatus status = queue_->status();
  return {.owed = status.depth, .oldest_age = status.oldest_age, .trouble = std::move(status.trouble)};
}

base::Result<queue::Arrivals> Backlog::count_arrivals() {
  return queue_->count_arrivals();
}

void Backlog::close() {
  queue_->close();
}

}  // namespace twinshift::backlog
