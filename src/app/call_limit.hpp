// A stop that is asked for after a while: for calls that take a stop token and no time limit. One thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

namespace twinshift::app {

class CallLimit {
 public:
  explicit CallLimit(std::chrono::milliseconds limit)
      : timer_([this, limit](const std::stop_token& over) {
          std::mutex mutex;
          std::unique_lock lock(mutex);
          std::condition_variable_any never;
          never.wait_for(lock, over, limit, [] { return false; });
          if (!over.stop_requested()) source_.request_stop();
        }) {}

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::jthread timer_;  // last: it ends before what it uses
};

}  // namespace twinshift::app
