// A queue, and a backlog, that take and lend nothing: what a test needs of one it overrides. Any thread.
#pragma once

#include <string>
#include <vector>

#include "backlog/backlog.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::tests {

class IdleQueue : public queue::EventQueue {
 public:
  void enqueue(queue::Message, queue::Done done) override { done({}); }
  base::Result<std::vector<queue::Lease>> receive(std::size_t, std::chrono::milliseconds, std::stop_token) override {
    return std::vector<queue::Lease>();
  }
  void acknowledge(std::vector<queue::Receipt>, queue::Done done) override { done({}); }
  void release(const std::vector<queue::Receipt>&, std::chrono::milliseconds) override {}
  void extend(const std::vector<queue::Receipt>&, std::chrono::milliseconds) override {}
  queue::QueueStatus status() override { return {}; }
  base::Result<queue::Arrivals> count_arrivals() override { return queue::Arrivals(); }
  void close() override {}
};

class IdleBacklog : public backlog::Backlog {
 public:
  explicit IdleBacklog(std::string target = "secondary") : Backlog(std::move(target)) {}
  void park(std::vector<event::EventPtr>, queue::Done done) override { done({}); }
  base::Result<std::vector<queue::Lease>> receive(std::size_t, std::chrono::milliseconds, std::stop_token) override {
    return std::vector<queue::Lease>();
  }
  void acknowledge(std::vector<queue::Receipt>, queue::Done done) override { done({}); }
  void release(const std::vector<queue::Receipt>&, std::chrono::milliseconds) override {}
  void extend(const std::vector<queue::Receipt>&, std::chrono::milliseconds) override {}
  backlog::BacklogStatus status() override { return {}; }
  base::Result<queue::Arrivals> count_arrivals() override { return queue::Arrivals(); }
  void close() override {}
};

}  // namespace twinshift::tests
