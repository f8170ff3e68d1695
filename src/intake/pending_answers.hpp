// Answers that wait for the disk, each with a time limit. The writer's completion and the limit race; exactly one of
// them answers.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/clock.hpp"
#include "http/server.hpp"

namespace twinshift::intake {

class PendingAnswers {
 public:
  class Answer {
   public:
    explicit Answer(http::Responder responder) : responder_(std::move(responder)) {}
    // True for the first caller, who alone may then use the responder.
    bool claim() { return !claimed_.exchange(true, std::memory_order_acq_rel); }
    [[nodiscard]] bool claimed() const { return claimed_.load(std::memory_order_acquire); }
    // When it was added, and how long it may take.
    [[nodiscard]] base::SteadyTime deadline() const { return deadline_; }
    void send(http::Response response) { responder_.send(std::move(response)); }

   private:
    friend class PendingAnswers;
    std::atomic<bool> claimed_{false};
    http::Responder responder_;
    base::SteadyTime deadline_{};
  };
  using Handle = std::shared_ptr<Answer>;

  // `late` makes the answer for whoever's limit has passed; it runs on this object's thread.
  PendingAnswers(std::chrono::milliseconds limit, std::function<http::Response()> late);
  ~PendingAnswers();
  PendingAnswers(const PendingAnswers&) = delete;
  PendingAnswers& operator=(const PendingAnswers&) = delete;

  Handle add(http::Responder responder);

 private:
  void watch(const std::stop_token& stop);

  const std::chrono::milliseconds limit_;
  const std::function<http::Response()> late_;
  std::mutex mutex_;
  std::condition_variable_any added_;
  // In order of arrival, hence of deadline. Bounded by the queue's own bound on waiting messages: claimed ones leave at
  // the front.
  std::deque<Handle> waiting_;
  bool timing_ = false;  // the watcher sleeps towards a deadline
  std::jthread thread_;
};

}  // namespace twinshift::intake
