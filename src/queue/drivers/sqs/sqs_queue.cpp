#include "queue/drivers/sqs/sqs_queue.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "queue/arrival_board.hpp"
#include "queue/drivers/sqs/keeper.hpp"
#include "queue/drivers/sqs/loan_desk.hpp"
#include "queue/drivers/sqs/poller.hpp"
#include "queue/drivers/sqs/retention_guard.hpp"
#include "queue/drivers/sqs/sender.hpp"
#include "queue/drivers/sqs/settler.hpp"

namespace twinshift::queue {
namespace {

using base::ErrorKind;

constexpr std::chrono::milliseconds kTickEvery{500};

std::string place_of(const SqsQueueOptions& options) {
  return options.subject + ", " + options.queue_url;
}

base::Error closing_error(const SqsQueueOptions& options) {
  return {ErrorKind::cancelled, "the queue is closing", place_of(options), "Send again later"};
}

sqs::Caller caller_of(const SqsQueueOptions& options) {
  if (options.caller) return options.caller;
  return [client = options.client](const aws::Call& call) { return client->call(call); };
}

sqs::SenderOptions sender_options(const SqsQueueOptions& options, const sqs::Caller& caller) {
  return {.caller = caller,
          .queue_url = options.queue_url,
          .is_fifo = sqs::is_fifo_url(options.queue_url),
          .events_per_message = options.events_per_message,
          .threads = options.send_threads,
          .gather_max = options.gather_max,
          .inbox_messages_max = options.inbox_messages_max,
          .inbox_bytes_max = options.inbox_bytes_max,
          .thread_name = options.thread_name};
}

sqs::SettlerOptions settler_options(const SqsQueueOptions& options, const sqs::Caller& caller) {
  return {.caller = caller,
          .queue_url = options.queue_url,
          .threads = options.settle_threads,
          .thread_name = options.thread_name};
}

sqs::DeskLimits desk_limits(const SqsQueueOptions& options) {
  return {.lease = options.lease_timeout,
          .poll_threads = options.poll_threads,
          .poll_messages_max = options.poll_messages_max,
          .stock_events_max = options.stock_events_max,
          .stock_bytes_max = options.stock_bytes_max,
          .lent_max = options.lent_max};
}

sqs::PollerOptions poller_options(const SqsQueueOptions& options, const sqs::Caller& caller) {
  return {.caller = caller,
          .queue_url = options.queue_url,
          .threads = options.poll_threads,
          .messages_max = options.poll_messages_max,
          .wait = options.poll_wait,
          .pause = options.poll_pause,
          .visibility = std::chrono::ceil<std::chrono::seconds>(options.lease_timeout),
          .thread_name = options.thread_name};
}

sqs::KeeperOptions keeper_options(const SqsQueueOptions& options, const sqs::Caller& caller) {
  return {.caller = caller,
          .queue_url = options.queue_url,
          .usage = {.lease = options.lease_timeout, .wants_dead_letters = options.wants_dead_letters},
          .look_every = options.status_every,
          .tick_every = std::min(kTickEvery, options.lease_timeout / 8),
          .thread_name = options.thread_name};
}

class SqsQueue final : public EventQueue {
 public:
  explicit SqsQueue(SqsQueueOptions options)
      : options_(std::move(options)),
        caller_(caller_of(options_)),
        complaints_(place_of(options_)),
        sender_(sender_options(options_, caller_), complaints_),
        settler_(settler_options(options_, caller_), complaints_),
        desk_(desk_limits(options_), closing_error(options_)),
        guard_({caller_, options_.queue_url, options_.renew_after, options_.renew_first_after, options_.thread_name},
               sender_, settler_, complaints_),
        keeper_(
            keeper_options(options_, caller_), complaints_, [this] { settler_.settle(desk_.age()); },
            [this](const sqs::QueueFacts& facts) {
              sender_.set_message_bytes_max(facts.message_bytes_max);
              if (facts.retention) guard_.set_retention(*facts.retention);
            }),
        poller_(
            poller_options(options_, caller_), desk_, complaints_,
            [this](std::vector<sqs::Settling> settlings) { settler_.settle(std::move(settlings)); },
            [this](std::vector<sqs::Received>& received) { guard_.take_old(received); }) {
    keeper_.start();
  }
  ~SqsQueue() override { close(); }

  void enqueue(Message message, Done done) override {
    if (message.again) return sender_.send(message, std::move(done));
    sender_.send(message, [this, at = message.received_at, done = std::move(done)](base::Status status) mutable {
      if (status) arrivals_.add(at);
      done(std::move(status));
    });
  }

  base::Result<std::vector<Lease>> receive(std::size_t messages_max, std::chrono::milliseconds wait,
                                           std::stop_token stop) override {
    return desk_.receive(messages_max, wait, stop);
  }

  void acknowledge(std::vector<Receipt> receipts, Done done) override {
    settler_.settle(desk_.acknowledge(receipts), std::move(done));
  }

  void release(const std::vector<Receipt>& receipts, std::chrono::milliseconds delay) override {
    settler_.settle(desk_.release(receipts, delay));
  }

  void extend(const std::vector<Receipt>& receipts, std::chrono::milliseconds duration) override {
    settler_.settle(desk_.extend(receipts, duration));
  }

  QueueStatus status() override {
    QueueStatus status;
    status.depth_known = false;
    if (const auto facts = keeper_.facts()) {
      status.depth_known = true;
      status.depth = facts->queue.depth();
      status.drained_at = facts->drained_at;
      if (facts->dead_letters) status.dead_lettered = facts->dead_letters->depth();
    }
    status.in_flight = desk_.events_lent();
    if (const auto oldest = desk_.oldest_sent_at()) {
      const auto age = std::chrono::floor<std::chrono::milliseconds>(base::system_clock().now() - *oldest);
      status.oldest_age = std::max(age, age.zero());
    }
    status.trouble = complaints_.last(sqs::Action::send);
    return status;
  }

  base::Result<Arrivals> count_arrivals() override { return arrivals_.arrivals(); }

  void close() override {
    const std::lock_guard lock(close_mutex_);
    if (std::exchange(closed_, true)) return;
    desk_.close();
    sender_.close(options_.close_max);
    keeper_.stop();
    // What is given back while SQS still knows a poll of ours would be handed to that, and be gone for a whole lease.
    const std::chrono::seconds deaf = poller_.stop();
    guard_.stop();
    settler_.settle(desk_.give_back_all(deaf));
    settler_.close(options_.close_max);
  }

 private:
  const SqsQueueOptions options_;
  ArrivalBoard arrivals_;
  const sqs::Caller caller_;
  sqs::Complaints complaints_;
  sqs::Sender sender_;
  sqs::Settler settler_;
  sqs::LoanDesk desk_;
  sqs::RetentionGuard guard_;
  sqs::Keeper keeper_;
  std::mutex close_mutex_;
  bool closed_ = false;
  sqs::Poller poller_;  // last: its threads use all of the above
};

base::Status check(const SqsQueueOptions& options) {
  const auto fault = [&](const char* what) { return base::fail(ErrorKind::invalid, what, place_of(options)); };
  if (!options.client && !options.caller) return fault("there is no client for SQS");
  if (options.queue_url.rfind('/') == std::string::npos) return fault("SQS_QUEUE_URL is no queue's URL");
  if (options.lease_timeout < std::chrono::seconds(1)) return fault("QUEUE_LEASE_TIMEOUT must be 1 second or more");
  if (options.poll_messages_max < 1 || options.poll_messages_max > sqs::kBatchEntriesMax) {
    return fault("SQS_MAX_MESSAGES must be from 1 to 10");
  }
  if (options.poll_wait < std::chrono::seconds(0) || options.poll_wait > std::chrono::seconds(20)) {
    return fault("SQS_WAIT_TIME_SECONDS must be from 0 to 20");
  }
  if (options.events_per_message < 1 || options.send_threads < 1 || options.poll_threads < 1 ||
      options.settle_threads < 1) {
    return fault("there must be one thread of a kind and one event a message at least");
  }
  return {};
}

}  // namespace

base::Result<std::unique_ptr<EventQueue>> open_sqs_queue(SqsQueueOptions options) {
  options.lease_timeout = std::min<std::chrono::milliseconds>(options.lease_timeout, sqs::LoanBook::kKeptMax);
  if (auto sound = check(options); !sound) return base::fail(std::move(sound.error()));
  return std::make_unique<SqsQueue>(std::move(options));
}

}  // namespace twinshift::queue
