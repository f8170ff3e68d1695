#include "queue/drivers/sqlite/queue_inbox.hpp"

#include <utility>

namespace twinshift::queue {
namespace {

// One transaction: larger ones are hardly cheaper a row, and the next waits for all of it.
constexpr std::size_t kBatchMessagesMax = 1024;
constexpr std::size_t kBatchBytesMax = 4'000'000;

}  // namespace

QueueInbox::Put QueueInbox::put(Incoming& incoming) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return Put::closed;
    const std::size_t bytes = incoming.message.body.size();
    const bool room = messages_waiting_ < messages_max_ && bytes_waiting_ + bytes <= bytes_max_;
    // A message larger than the whole bound is taken alone: refusing it would refuse it for ever.
    if (!room && messages_waiting_ > 0) return Put::full;
    ++messages_waiting_;
    bytes_waiting_ += bytes;
    messages_.push_back(std::move(incoming));
    wake = std::exchange(sleeping_, false);
  }
  if (wake) filled_.notify_one();
  return Put::taken;
}

QueueInbox::Put QueueInbox::put(Erasure& erasure) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return Put::closed;
    erasures_.push_back(std::move(erasure));
    wake = std::exchange(sleeping_, false);
  }
  if (wake) filled_.notify_one();
  return Put::taken;
}

WorkBatch QueueInbox::take(std::chrono::milliseconds wait) {
  WorkBatch batch;
  std::unique_lock lock(mutex_);
  const auto ready = [&] { return closed_ || woken_ || !messages_.empty() || !erasures_.empty(); };
  if (!ready()) {
    sleeping_ = true;
    const auto woken = [&] { return ready() || !sleeping_; };
    if (wait == std::chrono::milliseconds::max()) {
      filled_.wait(lock, woken);
    } else {
      filled_.wait_for(lock, wait, woken);
    }
    sleeping_ = false;
  }
  woken_ = false;
  while (!messages_.empty() && batch.messages.size() < kBatchMessagesMax && batch.bytes < kBatchBytesMax) {
    batch.bytes += messages_.front().message.body.size();
    batch.messages.push_back(std::move(messages_.front()));
    messages_.pop_front();
  }
  batch.erasures.swap(erasures_);
  batch.closing = closed_;
  return batch;
}

void QueueInbox::written(const WorkBatch& batch) {
  const std::lock_guard lock(mutex_);
  messages_waiting_ -= batch.messages.size();
  bytes_waiting_ -= batch.bytes;
}

void QueueInbox::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  filled_.notify_one();
}

void QueueInbox::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  filled_.notify_all();
}

bool QueueInbox::has_work() const {
  const std::lock_guard lock(mutex_);
  return closed_ || !messages_.empty() || !erasures_.empty();
}

bool QueueInbox::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

}  // namespace twinshift::queue
