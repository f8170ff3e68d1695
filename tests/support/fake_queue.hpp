// An event queue in memory with scripted failures. Any thread may call its functions; callbacks run on the caller's
// thread.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "queue/event_queue.hpp"

namespace twinshift::tests {

class FakeQueue final : public queue::EventQueue {
 public:
  explicit FakeQueue(std::chrono::milliseconds lease = std::chrono::seconds(60)) : lease_(lease) {}

  void enqueue(queue::Message message, queue::Done done) override {
    std::optional<base::Error> error;
    {
      const std::lock_guard lock(mutex_);
      error = enqueue_error_;
      if (!error) items_.emplace(++ids_, Item{.message = std::move(message)});
    }
    changed_.notify_all();
    if (error) return done(base::fail(*error));
    done({});
  }

  // Only where a test wants it: a queue elsewhere cannot say.
  base::Result<bool> visit(const queue::ShowMessages& show) override {
    std::vector<queue::Message> messages;
    {
      const std::lock_guard lock(mutex_);
      if (!tells_) return false;
      for (const auto& [id, item] : items_) messages.push_back(item.message);
    }
    show(messages);
    return true;
  }
  void let_tell() {
    const std::lock_guard lock(mutex_);
    tells_ = true;
  }

  base::Result<std::vector<queue::Lease>> receive(std::size_t messages_max, std::chrono::milliseconds wait,
                                                  std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + wait;
    for (;;) {
      if (receive_error_) return base::fail(*receive_error_);
      std::vector<queue::Lease> leases = lend(messages_max);
      if (!leases.empty() || stop.stop_requested() || std::chrono::steady_clock::now() >= until) return leases;
      // Delayed messages become due without anyone's call, so look again soon.
      changed_.wait_for(lock, stop, std::chrono::milliseconds(5), [] { return false; });
    }
  }

  void acknowledge(std::vector<queue::Receipt> receipts, queue::Done done) override {
    std::optional<base::Error> error;
    {
      const std::lock_guard lock(mutex_);
      error = acknowledge_error_;
      for (const queue::Receipt& receipt : receipts) {
        if (!error && valid(receipt)) acknowledged_ += items_.erase(receipt.id);
      }
    }
    changed_.notify_all();
    if (error) return done(base::fail(*error));
    done({});
  }

  void release(const std::vector<queue::Receipt>& receipts, std::chrono::milliseconds delay) override {
    {
      const std::lock_guard lock(mutex_);
      for (const queue::Receipt& receipt : receipts) {
        if (!valid(receipt)) continue;
        items_[receipt.id].visible_at = std::chrono::steady_clock::now() + delay;
        ++items_[receipt.id].generation;
        ++released_;
      }
    }
    changed_.notify_all();
  }

  void extend(const std::vector<queue::Receipt>& receipts, std::chrono::milliseconds duration) override {
    const std::lock_guard lock(mutex_);
    for (const queue::Receipt& receipt : receipts) {
      if (!valid(receipt)) continue;
      items_[receipt.id].visible_at = std::chrono::steady_clock::now() + duration;
      ++extended_;
    }
  }

  queue::QueueStatus status() override {
    const std::lock_guard lock(mutex_);
    return {.depth = items_.size(), .in_flight = 0, .oldest_age = {}, .trouble = enqueue_error_};
  }

  base::Result<queue::Arrivals> count_arrivals() override { return queue::Arrivals{.kept = false}; }

  void close() override {}

  // Failures from now on; nothing ends them.
  void fail_enqueues(std::optional<base::Error> error) {
    const std::lock_guard lock(mutex_);
    enqueue_error_ = std::move(error);
  }
  void fail_receives(std::optional<base::Error> error) {
    const std::lock_guard lock(mutex_);
    receive_error_ = std::move(error);
  }
  void fail_acknowledges(std::optional<base::Error> error) {
    const std::lock_guard lock(mutex_);
    acknowledge_error_ = std::move(error);
  }

  std::size_t depth() { return status().depth; }
  std::uint64_t released() const {
    const std::lock_guard lock(mutex_);
    return released_;
  }
  std::uint64_t extended() const {
    const std::lock_guard lock(mutex_);
    return extended_;
  }

 private:
  struct Item {
    queue::Message message;
    std::uint32_t generation = 0;
    std::uint32_t attempts = 0;
    base::SteadyTime visible_at{};
  };

  bool valid(const queue::Receipt& receipt) const {
    const auto found = items_.find(receipt.id);
    return found != items_.end() && found->second.generation == receipt.generation;
  }

  std::vector<queue::Lease> lend(std::size_t messages_max) {
    std::vector<queue::Lease> leases;
    const auto now = std::chrono::steady_clock::now();
    for (auto& [id, item] : items_) {
      if (leases.size() >= messages_max) break;
      if (item.visible_at > now) continue;
      item.visible_at = now + lease_;
      leases.push_back({.message = item.message,
                        .receipt = {.id = id, .generation = ++item.generation, .handle = {}},
                        .attempt = ++item.attempts,
                        .deadline = item.visible_at});
    }
    return leases;
  }

  const std::chrono::milliseconds lease_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable_any changed_;
  std::map<std::int64_t, Item> items_;
  std::int64_t ids_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t released_ = 0;
  std::uint64_t extended_ = 0;
  bool tells_ = false;
  std::optional<base::Error> enqueue_error_;
  std::optional<base::Error> receive_error_;
  std::optional<base::Error> acknowledge_error_;
};

}  // namespace twinshift::tests
