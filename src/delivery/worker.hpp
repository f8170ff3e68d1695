// A thread that may be left behind: it is waited for until a limit, and a call that never comes back cannot keep the
// process from leaving. What the body uses it must own (or share), for it may run on.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace twinshift::delivery {

class Worker {
 public:
  Worker(std::string name, std::function<void(std::stop_token)> body);
  ~Worker();  // asks it to stop and leaves it behind where nobody has waited for it
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void request_stop() { shared_->stop.request_stop(); }
  // True where its body has returned within `limit`; the thread has then ended. One thread at a time.
  bool wait(std::chrono::nanoseconds limit);

 private:
  struct Shared {
    std::stop_source stop;
    std::mutex mutex;
    std::condition_variable ended;
    bool done = false;  // guarded by mutex
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::thread thread_;
};

}  // namespace twinshift::delivery
