// Keeps what is logged while it lives. Whatever logs from other threads must have ended before it does.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "base/log.hpp"

namespace twinshift::tests {

class LogCapture {
 public:
  LogCapture() {
    base::log::set_sink([this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      text_ += line;
    });
  }
  ~LogCapture() { base::log::set_sink({}); }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  [[nodiscard]] std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

}  // namespace twinshift::tests
