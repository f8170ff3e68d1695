#include "intake/pending_answers.hpp"

#include <utility>

#include "base/thread.hpp"

namespace twinshift::intake {

PendingAnswers::PendingAnswers(std::chrono::milliseconds limit, std::function<http::Response()> late)
    : limit_(limit), late_(std::move(late)) {
  thread_ = base::start_thread("answer-limit", [this](const std::stop_token& stop) { watch(stop); });
}

PendingAnswers::~PendingAnswers() {
  thread_.request_stop();
  thread_.join();
}

PendingAnswers::Handle PendingAnswers::add(http::Responder responder) {
  auto answer = std::make_shared<Answer>(std::move(responder));
  answer->deadline_ = std::chrono::steady_clock::now() + limit_;
  bool idle = false;
  {
    const std::lock_guard lock(mutex_);
    while (!waiting_.empty() && waiting_.front()->claimed()) waiting_.pop_front();
    waiting_.push_back(answer);
    idle = !timing_;
  }
  // While the watcher sleeps towards some deadline, later entries have later ones: it need not be woken for each
  // request.
  if (idle) added_.notify_one();
  return answer;
}

void PendingAnswers::watch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    while (!waiting_.empty() && waiting_.front()->claimed()) waiting_.pop_front();
    if (waiting_.empty()) {
      added_.wait(lock, stop, [&] { return !waiting_.empty(); });
      continue;
    }
    const Handle first = waiting_.front();
    if (first->deadline_ > std::chrono::steady_clock::now()) {
      timing_ = true;
      added_.wait_until(lock, stop, first->deadline_, [] { return false; });
      timing_ = false;
      continue;
    }
    waiting_.pop_front();
    lock.unlock();
    if (first->claim()) first->send(late_());
    lock.lock();
  }
}

}  // namespace twinshift::intake
