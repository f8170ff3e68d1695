#include "delivery/worker.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/thread.hpp"

namespace twinshift::delivery {

Worker::Worker(std::string name, std::function<void(std::stop_token)> body) {
  std::thread([shared = shared_, name = std::move(name), body = std::move(body)]() mutable {
    base::name_this_thread(name);
    body(shared->stop.get_token());
    body = nullptr;  // what it owns goes before anyone may rely on its end
    const std::lock_guard lock(shared->mutex);
    shared->done = true;
    shared->ended.notify_all();
  }).detach();
}

Worker::~Worker() {
  request_stop();
}

bool Worker::wait(std::chrono::nanoseconds limit) {
  std::unique_lock lock(shared_->mutex);
  return shared_->ended.wait_for(lock, std::max(limit, std::chrono::nanoseconds(0)), [&] { return shared_->done; });
}

}  // namespace twinshift::delivery
