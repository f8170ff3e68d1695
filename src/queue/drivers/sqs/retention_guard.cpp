#include "queue/drivers/sqs/retention_guard.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/log.hpp"
#include "base/thread.hpp"
#include "queue/drivers/sqs/poller.hpp"

namespace twinshift::queue::sqs {
namespace {

// A message is met by this many rounds before it is old: its age when it is renewed is at most an eighth above
// renew_after.
constexpr int kRoundsEach = 8;
// What a round holds back until its end, so as not to meet it twice; it comes to its end at this many young messages:
// SQS hands out the older ones first, roughly.
constexpr std::size_t kYoungMax = 1'000;
// Short: a round that is killed, or whose answer is lost, must not hide a debt for long.
constexpr std::chrono::seconds kRoundVisibility{30};
constexpr std::chrono::seconds kRetryLater{60};
constexpr std::chrono::milliseconds kPollTimeout{10'000};

// Deletes the old message once all its events are durable anew.
class Renewal {
 public:
  Renewal(Settler& settler, std::string handle, std::size_t parts)
      : settler_(settler), handle_(std::move(handle)), parts_left_(parts) {}

  void part(const base::Status& status) {
    if (!status) failed_ = true;
    if (parts_left_.fetch_sub(1) > 1) return;
    Settling settling{.handle = std::move(handle_), .visibility = std::nullopt};
    if (failed_) settling.visibility = kRetryLater;
    settler_.settle({std::move(settling)});
  }

 private:
  Settler& settler_;
  std::string handle_;
  std::atomic<std::size_t> parts_left_;
  std::atomic<bool> failed_{false};
};

}  // namespace

RetentionGuard::RetentionGuard(RetentionOptions options, Sender& sender, Settler& settler, Complaints& complaints)
    : options_(std::move(options)),
      sender_(sender),
      settler_(settler),
      complaints_(complaints),
      renew_after_(options_.renew_after) {
  if (options_.renew_after == options_.renew_after.zero()) return;
  thread_ = base::start_thread(options_.thread_name + "-renew", [this](const std::stop_token& stop) { run(stop); });
}

RetentionGuard::~RetentionGuard() {
  stop();
}

void RetentionGuard::set_retention(std::chrono::seconds retention) {
  renew_after_ = std::min(options_.renew_after, std::max(retention / 2, std::chrono::seconds(1)));
}

void RetentionGuard::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

bool RetentionGuard::is_old(const Received& received) const {
  return base::system_clock().now() - received.sent_at >= renew_after_.load();
}

void RetentionGuard::take_old(std::vector<Received>& received) {
  if (options_.renew_after == options_.renew_after.zero()) return;
  const auto old = std::ranges::stable_partition(received, [&](const Received& each) { return !is_old(each); });
  for (const Received& each : old) renew(each);
  received.erase(old.begin(), old.end());
}

void RetentionGuard::renew(const Received& received) {
  const auto renewal = std::make_shared<Renewal>(settler_, received.handle, received.messages.size());
  for (const Message& each : received.messages) {
    sender_.send(each, [renewal](const base::Status& status) { renewal->part(status); }, received.handle);
  }
}

void RetentionGuard::run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  const auto every = [this] { return std::chrono::milliseconds(renew_after_.load()) / kRoundsEach; };
  std::chrono::milliseconds pause = std::min(options_.first_round_after, every());
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex);
      never.wait_for(lock, stop, pause, [] { return false; });
    }
    if (stop.stop_requested()) return;
    make_round(stop);
    pause = every();
  }
}

void RetentionGuard::make_round(const std::stop_token& stop) {
  std::vector<Settling> young;
  while (!stop.stop_requested() && young.size() < kYoungMax && poll(stop, young)) {
  }
  settler_.settle(std::move(young));
}

bool RetentionGuard::poll(const std::stop_token& stop, std::vector<Settling>& young) {
  const auto answer = options_.caller(
      {.operation = "ReceiveMessage",
       .body = receive_request(options_.queue_url, {kBatchEntriesMax, std::chrono::seconds(0), kRoundVisibility}),
       .timeout = kPollTimeout,
       .tries_max = 1,
       .stop = stop});
  if (!answer) {
    complaints_.failed(Action::renew, answer.error());
    return false;
  }
  auto incoming = read_receive_answer(answer->body);
  if (!incoming || incoming->empty()) return false;
  Polled polled = read_messages(std::move(*incoming));
  take_old(polled.received);
  for (Received& each : polled.received) {
    young.push_back({.handle = std::move(each.handle), .visibility = std::chrono::seconds(0)});
  }
  std::ranges::move(polled.damaged, std::back_inserter(young));
  return true;
}

}  // namespace twinshift::queue::sqs
