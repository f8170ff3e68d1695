// What waits to share a call of up to so many entries. A batch leaves when it is full, when its first entry has waited
// long enough, or at once where no call is under way: one entry alone waits for nobody, and under load every call is
// full.
//
// Any thread puts in; any number of threads take out, each carrying out one call at a time.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

namespace twinshift::queue::sqs {

struct GatherLimits {
  std::size_t batch_entries_max = 10;
  std::size_t batch_bytes_max = 1'048'576;
  std::chrono::milliseconds gather_max{3};
  bool at_once_when_idle = true;
  // Here and in calls under way; beyond it `full`.
  std::size_t waiting_entries_max = 16'384;
  std::size_t waiting_bytes_max = 32'000'000;
};

enum class Put { taken, full, closed };

template <class Entry>  // has a member `bytes`
class Gatherer {
 public:
  explicit Gatherer(GatherLimits limits) : limits_(limits) {}

  // `entry` is moved from only where it is taken.
  Put put(Entry& entry) {
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return Put::closed;
      const bool room =
          entries_waiting_ < limits_.waiting_entries_max && bytes_waiting_ + entry.bytes <= limits_.waiting_bytes_max;
      // One larger than the whole bound is taken alone: refusing it would refuse it for ever.
      if (!room && entries_waiting_ > 0) return Put::full;
      const bool was_full = is_full();
      add(entry);
      wake = sleepers_ > 0 && (entries_.size() == 1 || (!was_full && is_full()));
    }
    if (wake) changed_.notify_one();
    return Put::taken;
  }

  // Past every bound, also while closing: what is already ours and comes back for another try.
  void put_back(Entry entry) {
    {
      const std::lock_guard lock(mutex_);
      add(entry);
    }
    changed_.notify_one();
  }

  // The next batch; waits for it. Empty: closed, and nothing is left. Each batch ends with finished().
  std::vector<Entry> take() {
    std::unique_lock lock(mutex_);
    ++sleepers_;
    while (!is_due()) {
      if (entries_.empty()) {
        changed_.wait(lock);
      } else {
        changed_.wait_until(lock, entries_.front().since + limits_.gather_max);
      }
    }
    --sleepers_;
    std::vector<Entry> batch;
    std::size_t bytes = 0;
    while (!entries_.empty() && batch.size() < limits_.batch_entries_max) {
      bytes += entries_.front().entry.bytes;
      if (bytes > limits_.batch_bytes_max && !batch.empty()) break;
      bytes_here_ -= entries_.front().entry.bytes;
      batch.push_back(std::move(entries_.front().entry));
      entries_.pop_front();
    }
    if (!batch.empty()) ++calls_;
    const bool wake = !entries_.empty() && sleepers_ > 0;
    lock.unlock();
    if (wake) changed_.notify_one();
    return batch;
  }

  void finished(std::size_t entries, std::size_t bytes) {
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      entries_waiting_ -= entries;
      bytes_waiting_ -= bytes;
      --calls_;
      wake = calls_ == 0 && !entries_.empty();
    }
    if (wake) changed_.notify_one();
    emptied_.notify_all();
  }

  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }

  // False where something still waits or is under way at `limit`.
  bool wait_until_empty(std::chrono::steady_clock::time_point limit) {
    std::unique_lock lock(mutex_);
    return emptied_.wait_until(lock, limit, [&] { return entries_waiting_ == 0; });
  }

  [[nodiscard]] std::size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return entries_waiting_;
  }

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Waiting {
    Entry entry;
    Time since;
  };

  void add(Entry& entry) {
    ++entries_waiting_;
    bytes_waiting_ += entry.bytes;
    bytes_here_ += entry.bytes;
    entries_.push_back({std::move(entry), std::chrono::steady_clock::now()});
  }
  [[nodiscard]] bool is_full() const {
    return entries_.size() >= limits_.batch_entries_max || bytes_here_ >= limits_.batch_bytes_max;
  }
  [[nodiscard]] bool is_due() const {
    if (closed_ || is_full()) return true;
    if (entries_.empty()) return false;
    if (limits_.at_once_when_idle && calls_ == 0) return true;
    return std::chrono::steady_clock::now() >= entries_.front().since + limits_.gather_max;
  }

  const GatherLimits limits_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::condition_variable emptied_;
  std::deque<Waiting> entries_;
  std::size_t bytes_here_ = 0;
  std::size_t entries_waiting_ = 0;
  std::size_t bytes_waiting_ = 0;
  std::size_t calls_ = 0;  // batches taken and not yet finished
  std::size_t sleepers_ = 0;
  bool closed_ = false;
};

}  // namespace twinshift::queue::sqs
