#include "queue/drivers/sqs/spooled_queue.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "base/backoff.hpp"
#include "base/failpoint.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "base/thread.hpp"
#include "queue/arrival_board.hpp"

namespace twinshift::queue {
namespace {

using base::ErrorKind;

constexpr std::chrono::milliseconds kMoverWait{500};
constexpr std::chrono::minutes kUnfitDelay{10};

// Failures that the spool is for; what is wrong with the message itself is not mended by waiting.
bool is_for_spool(const base::Error& error) {
  switch (error.kind) {
    case ErrorKind::unavailable:
    case ErrorKind::throttled:
    case ErrorKind::timed_out:
    case ErrorKind::unknown_outcome:
    case ErrorKind::not_found:
    case ErrorKind::full:
    case ErrorKind::cancelled:  // the queue is closed first, with what it could not send
      return true;
    default:
      return false;
  }
}

// One message under way to the queue, to the spool, or to both.
class Pending {
 public:
  Pending(Message message, Done done) : message_(std::move(message)), done_(std::move(done)) {}

  // The message, where it has not been answered and not gone to the spool.
  std::optional<Message> take_for_spool() {
    const std::lock_guard lock(mutex_);
    if (!done_ || std::exchange(spooled_, true)) return std::nullopt;
    return message_;
  }
  void succeed() {
    if (Done done = take_done()) done({});
  }
  // Only the last way's failure is an answer: the other one may still do it.
  void fail_in_spool(base::Status status) {
    if (Done done = take_done()) done(std::move(status));
  }

  const base::SteadyTime since = std::chrono::steady_clock::now();

 private:
  Done take_done() {
    const std::lock_guard lock(mutex_);
    return std::exchange(done_, nullptr);
  }

  std::mutex mutex_;
  const Message message_;
  Done done_;
  bool spooled_ = false;
};
using PendingPtr = std::shared_ptr<Pending>;

// The answers of a group of moved messages.
struct Moved {
  std::mutex mutex;
  std::condition_variable all_answered;
  std::size_t left = 0;
  std::vector<Receipt> done;
  std::vector<Receipt> again;
  std::vector<Receipt> unfit;  // the queue will never take them
  std::optional<base::Error> error;
  std::optional<base::Error> unfit_error;

  void answer(const Receipt& receipt, const base::Status& status) {
    const std::lock_guard lock(mutex);
    const bool is_unfit = !status && !is_for_spool(status.error());
    (status ? done : is_unfit ? unfit : again).push_back(receipt);
    if (!status && is_unfit) unfit_error = status.error();
    if (!status && !is_unfit) error = status.error();
    if (--left == 0) all_answered.notify_all();
  }
};

class SpooledQueue final : public EventQueue {
 public:
  SpooledQueue(std::unique_ptr<EventQueue> queue, std::unique_ptr<EventQueue> spool, SpoolOptions options)
      : options_(std::move(options)),
        queue_(std::move(queue)),
        spool_(std::move(spool)),
        watcher_(base::start_thread(options_.thread_name + "-watch", [this](const std::stop_token& s) { watch(s); })),
        mover_(base::start_thread(options_.thread_name + "-move", [this](const std::stop_token& s) { move(s); })) {}
  ~SpooledQueue() override { close(); }

  // Counts here: a message may stand in the queue and in the spool.
  void enqueue(Message message, Done done) override {
    if (!std::exchange(message.again, true)) {
      done = [this, at = message.received_at, done = std::move(done)](base::Status status) mutable {
        if (status) arrivals_.add(at);
        done(std::move(status));
      };
    }
    if (down_.load(std::memory_order_relaxed)) return spool_->enqueue(std::move(message), std::move(done));
    auto pending = std::make_shared<Pending>(message, std::move(done));
    {
      const std::lock_guard lock(mutex_);
      pending_.push_back(pending);
    }
    queue_->enqueue(std::move(message), [this, pending](base::Status status) {
      if (status) return pending->succeed();
      if (!is_for_spool(status.error())) return pending->fail_in_spool(std::move(status));
      go_down(status.error());
      into_spool(pending);
    });
  }

  base::Result<std::vector<Lease>> receive(std::size_t messages_max, std::chrono::milliseconds wait,
                                           std::stop_token stop) override {
    return queue_->receive(messages_max, wait, std::move(stop));
  }
  void acknowledge(std::vector<Receipt> receipts, Done done) override {
    queue_->acknowledge(std::move(receipts), std::move(done));
  }
  void release(const std::vector<Receipt>& receipts, std::chrono::milliseconds delay) override {
    queue_->release(receipts, delay);
  }
  void extend(const std::vector<Receipt>& receipts, std::chrono::milliseconds duration) override {
    queue_->extend(receipts, duration);
  }

  QueueStatus status() override {
    QueueStatus status = queue_->status();
    const QueueStatus spooled = spool_->status();
    status.spooled = spooled.depth;
    status.depth += spooled.depth;
    status.oldest_age = std::max(status.oldest_age, spooled.oldest_age);
    // What is spooled waits behind what SQS has handed out.
    if (spooled.depth > 0 && status.drained_at) {
      const bool known = spooled.oldest_age.count() > 0;
      status.drained_at =
          known ? std::optional(std::min(*status.drained_at, base::system_clock().now() - spooled.oldest_age))
                : std::nullopt;
    }
    // While the spool takes messages, so do we.
    status.trouble = spooled.trouble;
    return status;
  }

  base::Result<Arrivals> count_arrivals() override { return arrivals_.arrivals(); }

  void close() override {
    const std::lock_guard lock(close_mutex_);
    if (std::exchange(closed_, true)) return;
    mover_.request_stop();
    mover_.join();
    queue_->close();  // what it cannot send any more goes into the spool
    watcher_.request_stop();
    watcher_.join();
    spool_->close();
  }

 private:
  void go_down(const base::Error& error) {
    if (down_.exchange(true)) return;
    base::log::warn("The queue cannot be reached: events are kept in the spool and moved later").add(error);
  }

  void into_spool(const PendingPtr& pending) {
    auto message = pending->take_for_spool();
    if (!message) return;
    base::failpoint(base::Failpoint::queue_spool_put_before);
    spool_->enqueue(std::move(*message), [pending](base::Status status) {
      base::failpoint(base::Failpoint::queue_spool_put_after);
      if (status) return pending->succeed();
      pending->fail_in_spool(std::move(status));
    });
  }

  // Messages that the queue leaves without an answer.
  void watch(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::vector<PendingPtr> late;
      {
        std::unique_lock lock(mutex_);
        never_.wait_for(lock, stop, options_.patience / 8, [] { return false; });
        const auto since = std::chrono::steady_clock::now() - options_.patience;
        while (!pending_.empty() && (pending_.front().use_count() == 1 || pending_.front()->since <= since)) {
          if (pending_.front().use_count() > 1) late.push_back(std::move(pending_.front()));
          pending_.pop_front();
        }
      }
      if (late.empty()) continue;
      go_down({ErrorKind::timed_out, "the queue does not answer in time", "spool", {}});
      for (const PendingPtr& each : late) into_spool(each);
    }
  }

  void move(const std::stop_token& stop) {
    base::Random random(base::random_seed());
    base::Backoff backoff({options_.retry_first, options_.retry_most});
    while (!stop.stop_requested()) {
      // One message finds out whether the queue is well again.
      auto leases = spool_->receive(down_ ? 1 : options_.move_messages_max, kMoverWait, stop);
      if (leases && leases->empty()) {
        // Nothing to show it by: the next message tries.
        if (!stop.stop_requested()) down_ = false;
        continue;
      }
      if (leases && move_group(std::move(*leases), stop)) {
        backoff.reset();
        continue;
      }
      std::unique_lock lock(mutex_);
      never_.wait_for(lock, stop, backoff.next(random), [] { return false; });
    }
  }

  // True where the queue took messages, or there was nothing wrong with it.
  bool move_group(std::vector<Lease> leases, const std::stop_token& stop) {
    const auto moved = std::make_shared<Moved>();
    moved->left = leases.size();
    base::failpoint(base::Failpoint::queue_spool_move_before);
    for (Lease& lease : leases) {
      lease.message.again = true;
      queue_->enqueue(std::move(lease.message),
                      [moved, receipt = lease.receipt](const base::Status& status) { moved->answer(receipt, status); });
    }
    std::unique_lock lock(moved->mutex);
    const auto all = [&] { return moved->left == 0; };
    while (!moved->all_answered.wait_for(lock, kMoverWait, all)) {
      if (stop.stop_requested() && !moved->all_answered.wait_for(lock, options_.close_max, all)) return false;
    }
    base::failpoint(base::Failpoint::queue_spool_move_after);
    settle(*moved);
    return !moved->error;
  }

  void settle(const Moved& moved) {
    spool_->release(moved.again, std::chrono::milliseconds(0));
    spool_->release(moved.unfit, kUnfitDelay);
    if (!moved.done.empty()) {
      spool_->acknowledge(moved.done, [](const base::Status&) {});  // failed: they are moved again, which does no harm
    }
    if (moved.unfit_error) {
      base::log::error("Messages in the spool are refused by the queue; they stay in the spool")
          .add("count", moved.unfit.size())
          .add(*moved.unfit_error);
    }
    if (moved.error) return go_down(*moved.error);
    if (!moved.done.empty() && down_.exchange(false)) {
      base::log::info("The queue can be reached again: the spool is moved over").add("moved", moved.done.size());
    }
  }

  const SpoolOptions options_;
  ArrivalBoard arrivals_;
  const std::unique_ptr<EventQueue> queue_;
  const std::unique_ptr<EventQueue> spool_;
  std::atomic<bool> down_{false};
  std::mutex mutex_;  // guards pending_
  std::condition_variable_any never_;
  std::deque<PendingPtr> pending_;  // bounded by what the queue takes in: its inbox, and patience
  std::mutex close_mutex_;
  bool closed_ = false;
  std::jthread watcher_;
  std::jthread mover_;
};

}  // namespace

std::unique_ptr<EventQueue> make_spooled_queue(std::unique_ptr<EventQueue> queue, std::unique_ptr<EventQueue> spool,
                                               SpoolOptions options) {
  return std::make_unique<SpooledQueue>(std::move(queue), std::move(spool), std::move(options));
}

}  // namespace twinshift::queue
