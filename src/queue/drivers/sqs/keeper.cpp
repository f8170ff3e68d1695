#include "queue/drivers/sqs/keeper.hpp"

#include <condition_variable>
#include <utility>

#include "base/log.hpp"
#include "base/thread.hpp"

namespace twinshift::queue::sqs {
namespace {

// Short: the stock's leases wait for this thread, too.
constexpr std::chrono::milliseconds kLookTimeout{3'000};
// For a first look at an SQS that answers. The start of the service waits so long for each of its queues: the port is
// opened after them, and events come meanwhile.
constexpr std::chrono::milliseconds kFirstLookPatience{300};

}  // namespace

Keeper::Keeper(KeeperOptions options, Complaints& complaints, std::function<void()> tick,
               std::function<void(const QueueFacts&)> learned)
    : options_(std::move(options)), complaints_(complaints), tick_(std::move(tick)), learned_(std::move(learned)) {}

Keeper::~Keeper() {
  stop();
}

void Keeper::start() {
  thread_ = base::start_thread(options_.thread_name + "-keep", [this](const std::stop_token& stop) {
    look(stop);
    {
      const std::lock_guard lock(mutex_);
      has_looked_ = true;
    }
    looked_.notify_all();
    run(stop);
  });
  std::unique_lock lock(mutex_);
  looked_.wait_for(lock, kFirstLookPatience, [this] { return has_looked_; });
}

void Keeper::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

std::optional<Keeper::Facts> Keeper::facts() const {
  const std::lock_guard lock(mutex_);
  return facts_;
}

void Keeper::run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  auto look_at = std::chrono::steady_clock::now() + options_.look_every;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex);
      never.wait_for(lock, stop, std::min(options_.tick_every, options_.look_every), [] { return false; });
    }
    if (stop.stop_requested()) return;
    tick_();
    if (std::chrono::steady_clock::now() < look_at) continue;
    look(stop);
    look_at = std::chrono::steady_clock::now() + options_.look_every;
  }
}

void Keeper::look(const std::stop_token& stop) {
  if (!complaints_.may_try(Action::read_attributes)) return;
  const base::WallTime begun = base::system_clock().now();
  const auto queue = read(options_.queue_url, stop);
  if (!queue) return;
  complaints_.succeeded(Action::read_attributes);
  Facts facts{.queue = *queue, .dead_letters = std::nullopt};
  const std::string dead_letters = dead_letter_url(options_.queue_url, queue->dead_letter_arn);
  if (!queue->dead_letter_arn.empty() && !dead_letters_denied_) facts.dead_letters = read(dead_letters, stop);
  learned_(facts.queue);
  advise(facts);
  const std::lock_guard lock(mutex_);
  facts.drained_at = is_drained(facts) ? std::optional(begun) : facts_ ? facts_->drained_at : std::nullopt;
  facts_ = std::move(facts);
}

// What is in a dead-letter queue that may not be looked at is owed, too.
bool Keeper::is_drained(const Facts& facts) {
  if (facts.queue.visible + facts.queue.delayed > 0) return false;
  return facts.queue.dead_letter_arn.empty() || (facts.dead_letters && facts.dead_letters->depth() == 0);
}

std::optional<QueueFacts> Keeper::read(const std::string& url, const std::stop_token& stop) {
  const auto answer = options_.caller({.operation = "GetQueueAttributes",
                                       .body = attributes_request(url),
                                       .timeout = kLookTimeout,
                                       .tries_max = 1,
                                       .stop = stop});
  if (!answer) {
    if (url == options_.queue_url) {
      complaints_.failed(Action::read_attributes, answer.error());
    } else if (is_denied(answer.error()) || answer.error().error.kind == base::ErrorKind::not_found) {
      dead_letters_denied_ = true;
      base::log::warn("The dead-letter queue cannot be looked at; going on without it")
          .add("queue", complaints_.place())
          .add("deadLetterQueue", url)
          .add(answer.error().error);
    }
    return std::nullopt;
  }
  const auto attributes = read_attributes_answer(answer->body);
  if (attributes) return facts_from(*attributes);
  complaints_.failed(Action::read_attributes, attributes.error());
  return std::nullopt;
}

void Keeper::advise(const Facts& facts) {
  if (std::exchange(advised_, true)) return;
  for (const Advice& each : advice_on(facts.queue, facts.dead_letters, options_.usage)) {
    base::log::warn(each.message).add("queue", complaints_.place()).add("hint", each.hint);
  }
}

}  // namespace twinshift::queue::sqs
