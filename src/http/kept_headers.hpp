// The names of the headers that requests are to keep; they may change while connections are open.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace twinshift::http {

class KeptHeaders {
 public:
  using Names = std::shared_ptr<const std::vector<std::string>>;

  // In lower case.
  explicit KeptHeaders(std::vector<std::string> names) { replace(std::move(names)); }

  // Any thread; for requests that begin afterwards.
  void replace(std::vector<std::string> names) {
    const std::lock_guard lock(mutex_);
    names_ = std::make_shared<const std::vector<std::string>>(std::move(names));
    version_.fetch_add(1, std::memory_order_release);
  }

  // Brings a reader's copy up to date: a look at a number, nearly always, and no lock.
  void refresh(Names& names, std::uint64_t& version) const {
    if (version_.load(std::memory_order_acquire) == version) return;
    const std::lock_guard lock(mutex_);
    names = names_;
    version = version_.load(std::memory_order_relaxed);
  }

 private:
  mutable std::mutex mutex_;
  Names names_;                            // mutex_
  std::atomic<std::uint64_t> version_{0};  // written under mutex_; 0: a reader that has no copy yet
};

}  // namespace twinshift::http
