#include "queue/drivers/sqs/loan_desk.hpp"

#include <algorithm>
#include <utility>

#include "base/ids.hpp"

namespace twinshift::queue::sqs {
namespace {

// What one receive() hands out at most, one event at least.
constexpr std::size_t kReceiveBytesMax = 16'000'000;
// Beyond this the sum with the present overflows.
constexpr std::chrono::hours kWaitMax{24};

base::SteadyTime steady_now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

LoanDesk::LoanDesk(DeskLimits limits, base::Error closing)
    : limits_(limits),
      closing_(std::move(closing)),
      book_(limits.lease, base::random_seed()),
      pace_(limits.poll_threads, limits.poll_messages_max) {}

base::Result<std::vector<Lease>> LoanDesk::receive(std::size_t events_max, std::chrono::milliseconds wait,
                                                   const std::stop_token& stop) {
  const auto until = steady_now() + std::min<std::chrono::milliseconds>(wait, kWaitMax);
  std::unique_lock lock(mutex_);
  ++receivers_;
  wanted_.notify_all();
  const auto is_over = [&] { return closed_ || book_.stock_events() > 0; };
  if (events_max > 0) stocked_.wait_until(lock, stop, until, is_over);
  --receivers_;
  asked_at_ = steady_now();
  if (closed_) return base::fail(closing_);
  if (stop.stop_requested() || events_max == 0) return std::vector<Lease>();
  std::vector<Lease> leases = book_.lend(events_max, kReceiveBytesMax);
  wanted_.notify_all();
  if (leases.empty() && error_) return base::fail(*error_);
  return leases;
}

bool LoanDesk::is_wanted(base::SteadyTime now) const {
  if (receivers_ > 0) return true;
  if (!asked_at_) return false;
  return now - *asked_at_ < (book_.stock_events() == 0 ? kDemandKeptEmpty : kDemandKept);
}

bool LoanDesk::has_room() const {
  const std::size_t coming = (pace_.under_way() + 1) * limits_.poll_messages_max;
  return book_.stock_events() + coming <= std::max(limits_.stock_events_max, coming) &&
         book_.stock_bytes() < limits_.stock_bytes_max && book_.messages() + coming <= limits_.lent_max;
}

bool LoanDesk::wait_for_turn(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto may_go = [&] { return closed_ || (is_wanted(steady_now()) && pace_.may_start() && has_room()); };
  if (!wanted_.wait(lock, stop, may_go) || closed_ || stop.stop_requested()) return false;
  pace_.started();
  return true;
}

std::chrono::milliseconds LoanDesk::poll_ended(std::vector<Received> received) {
  std::chrono::milliseconds pause{0};
  {
    const std::lock_guard lock(mutex_);
    error_.reset();
    pause = pace_.came_back(received.size());
    const auto now = steady_now();
    for (Received& each : received) book_.add(std::move(each), now);
  }
  stocked_.notify_all();
  return pause;
}

void LoanDesk::poll_failed(base::Error error) {
  const std::lock_guard lock(mutex_);
  pace_.failed();
  error_ = std::move(error);
}

void LoanDesk::end_turn() {
  {
    const std::lock_guard lock(mutex_);
    pace_.turn_ended();
  }
  wanted_.notify_all();
  turn_ended_.notify_all();
}

std::vector<Settling> LoanDesk::acknowledge(const std::vector<Receipt>& receipts) {
  std::vector<Settling> settlings;
  const std::lock_guard lock(mutex_);
  for (const Receipt& each : receipts) {
    if (auto settling = book_.acknowledge(each, steady_now())) settlings.push_back(std::move(*settling));
  }
  wanted_.notify_all();
  return settlings;
}

std::vector<Settling> LoanDesk::release(const std::vector<Receipt>& receipts, std::chrono::milliseconds delay) {
  std::vector<Settling> settlings;
  const std::lock_guard lock(mutex_);
  for (const Receipt& each : receipts) {
    if (auto settling = book_.release(each, delay, steady_now())) settlings.push_back(std::move(*settling));
  }
  wanted_.notify_all();
  return settlings;
}

std::vector<Settling> LoanDesk::extend(const std::vector<Receipt>& receipts, std::chrono::milliseconds duration) {
  std::vector<Settling> settlings;
  const std::lock_guard lock(mutex_);
  for (const Receipt& each : receipts) {
    if (auto settling = book_.extend(each, duration, steady_now())) settlings.push_back(std::move(*settling));
  }
  return settlings;
}

std::vector<Settling> LoanDesk::age() {
  const std::lock_guard lock(mutex_);
  const auto now = steady_now();
  const bool is_asked = receivers_ > 0 || (asked_at_ && now - *asked_at_ < kDemandKeptEmpty);
  return book_.age(now, is_asked);
}

void LoanDesk::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  stocked_.notify_all();
  wanted_.notify_all();
}

void LoanDesk::wait_for_polls(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  turn_ended_.wait_for(lock, limit, [&] { return pace_.under_way() == 0; });
}

std::vector<Settling> LoanDesk::give_back_all(std::chrono::seconds delay) {
  const std::lock_guard lock(mutex_);
  return book_.give_back_all(delay);
}

bool LoanDesk::is_closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

std::size_t LoanDesk::events_lent() const {
  const std::lock_guard lock(mutex_);
  return book_.events_lent(steady_now());
}

std::optional<base::WallTime> LoanDesk::oldest_sent_at() const {
  const std::lock_guard lock(mutex_);
  return book_.oldest_sent_at();
}

}  // namespace twinshift::queue::sqs
