#include "queue/drivers/sqs/poller.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/backoff.hpp"
#include "base/failpoint.hpp"
#include "base/ids.hpp"
#include "base/thread.hpp"
#include "queue/drivers/sqs/digest.hpp"
#include "queue/drivers/sqs/envelope.hpp"

namespace twinshift::queue::sqs {
namespace {

constexpr base::BackoffLimits kRetry{std::chrono::milliseconds(500), std::chrono::milliseconds(15'000)};
// Beyond the long poll's own wait.
constexpr std::chrono::milliseconds kAnswerMargin{10'000};
// While deletes fail, what is received is only delivered again and again: this long between two polls.
constexpr std::chrono::milliseconds kEraseTroublePause{5'000};

constexpr std::chrono::milliseconds kStopGrace{500};
// A poll begins over there a little later than here.
constexpr std::chrono::milliseconds kDeafMargin{1'000};

base::Error oversized_error(const std::string& sqs_id, const std::string& place) {
  return {base::ErrorKind::invalid,
          "a message's events unfold to more than " + std::to_string(kUnfoldedBytesMax) +
              " bytes together: it is taken as one event, as it stands",
          place + ", message " + sqs_id,
          "We write no such message: look at who else may send to this queue; what it holds is kept whole"};
}

void wait(std::chrono::milliseconds duration, const std::stop_token& stop) {
  if (duration <= duration.zero()) return;
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, duration, [] { return false; });
}

}  // namespace

Polled read_messages(std::vector<Incoming> incoming) {
  Polled polled;
  for (Incoming& each : incoming) {
    if (!digests_agree(md5_hex(each.body), each.md5_of_body)) {
      polled.damaged.push_back({.handle = std::move(each.handle), .visibility = LoanBook::kGiveBackDelay});
      continue;
    }
    Received received{.sqs_id = std::move(each.message_id),
                      .handle = std::move(each.handle),
                      .messages = {},
                      .attempt = each.receive_count,
                      .sent_at = each.sent_at};
    Contents contents = read_body(
        std::move(each.body),
        {.message_id = received.sqs_id, .sent_at = each.sent_at, .is_from_appsflyer = each.is_from_appsflyer});
    if (contents.is_oversized) polled.oversized.push_back(received.sqs_id);
    received.messages = std::move(contents.events);
    polled.received.push_back(std::move(received));
  }
  return polled;
}

Poller::Poller(PollerOptions options, LoanDesk& desk, Complaints& complaints, Settle settle, Filter filter)
    : options_(std::move(options)),
      desk_(desk),
      complaints_(complaints),
      settle_(std::move(settle)),
      filter_(std::move(filter)),
      random_(base::random_seed()),
      backoff_(kRetry),
      poll_ends_(options_.threads) {
  for (std::size_t i = 0; i < options_.threads; ++i) {
    threads_.push_back(base::start_thread(options_.thread_name + "-poll",
                                          [this, i](const std::stop_token& stop) { run(stop, poll_ends_[i]); }));
  }
}

Poller::~Poller() {
  stop();
}

std::chrono::seconds Poller::stop() {
  desk_.close();
  // A poll that has found messages comes back at once; cut off, it would leave them lent to nobody for a whole lease.
  desk_.wait_for_polls(kStopGrace);
  for (std::jthread& each : threads_) each.request_stop();
  threads_.clear();
  const base::SteadyTime ends = std::ranges::max(poll_ends_);
  if (ends == base::SteadyTime{}) return std::chrono::seconds(0);
  const auto left = std::chrono::ceil<std::chrono::seconds>(ends + kDeafMargin - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::seconds(0));
}

void Poller::run(const std::stop_token& stop, base::SteadyTime& poll_ends) {
  while (desk_.wait_for_turn(stop)) {
    std::chrono::milliseconds pause{0};
    poll_ends = std::chrono::steady_clock::now() + options_.wait;
    if (poll(stop, pause)) {
      poll_ends = {};
      if (complaints_.last(Action::erase)) pause = std::max(pause, kEraseTroublePause);
    } else {
      pause = next_backoff();
    }
    if (!desk_.is_closed()) wait(pause, stop);
    desk_.end_turn();
  }
}

std::chrono::milliseconds Poller::next_backoff() {
  const std::lock_guard lock(backoff_mutex_);
  return backoff_.next(random_);
}

bool Poller::poll(const std::stop_token& stop, std::chrono::milliseconds& pause) {
  const auto answer = options_.caller(
      {.operation = "ReceiveMessage",
       .body = receive_request(options_.queue_url, {options_.messages_max, options_.wait, options_.visibility}),
       .timeout = options_.wait + kAnswerMargin,
       .tries_max = 1,  // the loop tries again
       .stop = stop});
  auto incoming = answer ? read_receive_answer(answer->body)
                         : base::Result<std::vector<Incoming>>(base::fail(answer.error().error));
  if (!incoming) {
    if (!answer) complaints_.failed(Action::receive, answer.error());
    desk_.poll_failed(std::move(incoming.error()));
    return false;
  }
  if (!incoming->empty()) base::failpoint(base::Failpoint::queue_sqs_receive_after);
  complaints_.succeeded(Action::receive);
  {
    const std::lock_guard lock(backoff_mutex_);
    backoff_.reset();
  }
  Polled polled = read_messages(std::move(*incoming));
  if (!polled.damaged.empty()) {
    complaints_.failed(
        Action::receive_check,
        base::Error{base::ErrorKind::corrupt, "a message arrived damaged (MD5 differs)", complaints_.place(),
                    "It comes again in a while; something on the way changes answers: look for a proxy"});
    settle_(std::move(polled.damaged));
  }
  for (const std::string& each : polled.oversized) {
    complaints_.failed(Action::receive_check, oversized_error(each, complaints_.place()));
  }
  if (filter_) filter_(polled.received);
  const bool is_empty = polled.received.empty();
  pause = desk_.poll_ended(std::move(polled.received));
  if (is_empty && options_.wait == options_.wait.zero()) pause = std::max(pause, options_.pause);
  return true;
}

}  // namespace twinshift::queue::sqs
