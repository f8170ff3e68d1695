// A bounded queue between threads. Every function may be called from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace twinshift::base {

template <class T>
class Mailbox {
 public:
  explicit Mailbox(std::size_t entries_max) : entries_max_(entries_max) {}

  // False where the box is full or closed; `value` is then untouched.
  bool try_put(T& value) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || entries_.size() >= entries_max_) return false;
      entries_.push_back(std::move(value));
    }
    filled_.notify_one();
    return true;
  }
  bool try_put(T&& value) { return try_put(value); }

  // Takes everything there is; waits up to `wait` for the first entry. Empty after the wait or when closed and drained.
  std::vector<T> take_all(std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    filled_.wait_for(lock, wait, [&] { return closed_ || !entries_.empty(); });
    std::vector<T> out(std::make_move_iterator(entries_.begin()), std::make_move_iterator(entries_.end()));
    entries_.clear();
    return out;
  }

  std::optional<T> take(std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    filled_.wait_for(lock, wait, [&] { return closed_ || !entries_.empty(); });
    if (entries_.empty()) return std::nullopt;
    std::optional<T> out(std::move(entries_.front()));
    entries_.pop_front();
    return out;
  }

  // Nothing more is taken in; what is inside can still be taken out.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    filled_.notify_all();
  }

  [[nodiscard]] bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
  }

 private:
  const std::size_t entries_max_;
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<T> entries_;
  bool closed_ = false;
};

}  // namespace twinshift::base
