#include "delivery/worker.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/thread.hpp"

namespace twinshift::delivery {

Worker::Worker(std::string name, std::function<void(std::stop_token)> body) {
  thread_ = std::thread([shared = shared_, name = std::move(name), body = std::move(body)]() mutable {
    base::name_this_thread(name);
    body(shared->stop.get_token());
    body = nullptr;  // what it owns goes before anyone may rely on its end
    const std::lock_guard lock(shared->mutex);
    shared->done = true;
    shared->ended.notify_all();
  });
}

Worker::~Worker() {
  request_stop();
  if (thread_.joinable()) thread_.detach();
}

bool Worker::wait(std::chrono::nanoseconds limit) {
  {
    std::unique_lock lock(shared_->mutex);
    if (!shared_->ended.wait_for(lock, std::max(limit, std::chrono::nanoseconds(0)), [&] { return shared_->done; })) {
      return false;
    }
  }
  // Only what libraries keep for the thread is still to go: it must not meet their own end at the process's exit.
  if (thread_.joinable()) thread_.join();
  return true;
}

}  // namespace twinshift::delivery
