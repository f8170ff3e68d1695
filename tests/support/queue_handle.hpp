// One of several handles on one queue, as several processes have them on a queue in SQS: closing one gives back what it
// has lent and leaves the queue to the others. Threads: as the queue itself.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "queue/event_queue.hpp"

namespace twinshift::tests {

class QueueHandle : public queue::EventQueue {
 public:
  explicit QueueHandle(std::shared_ptr<queue::EventQueue> queue) : queue_(std::move(queue)) {}
  ~QueueHandle() override { QueueHandle::close(); }

  void enqueue(queue::Message message, queue::Done done) override {
    if (is_closed()) return done(base::fail(closing()));
    queue_->enqueue(std::move(message), std::move(done));
  }
  base::Result<std::vector<queue::Lease>> receive(std::size_t messages_max, std::chrono::milliseconds wait,
                                                  std::stop_token stop) override {
    if (is_closed()) return base::fail(closing());
    auto leases = queue_->receive(messages_max, wait, std::move(stop));
    const std::lock_guard lock(mutex_);
    if (leases) {
      for (const queue::Lease& lease : *leases) lent_.push_back(lease.receipt);
    }
    return leases;
  }
  void acknowledge(std::vector<queue::Receipt> receipts, queue::Done done) override {
    queue_->acknowledge(std::move(receipts), std::move(done));
  }
  void release(const std::vector<queue::Receipt>& receipts, std::chrono::milliseconds delay) override {
    queue_->release(receipts, delay);
  }
  void extend(const std::vector<queue::Receipt>& receipts, std::chrono::milliseconds duration) override {
    queue_->extend(receipts, duration);
  }
  queue::QueueStatus status() override { return queue_->status(); }
  base::Result<queue::Arrivals> count_arrivals() override { return queue_->count_arrivals(); }

  // Receipts that are settled by now are passed over.
  void close() override {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    queue_->release(std::exchange(lent_, {}), std::chrono::milliseconds(0));
  }

 private:
  static base::Error closing() { return {base::ErrorKind::cancelled, "closing", "queue", {}}; }
  bool is_closed() {
    const std::lock_guard lock(mutex_);
    return is_closed_;
  }

  const std::shared_ptr<queue::EventQueue> queue_;
  std::mutex mutex_;  // guards all below
  std::vector<queue::Receipt> lent_;
  bool is_closed_ = false;
};

}  // namespace twinshift::tests
