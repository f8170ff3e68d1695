#include "quarantine/drivers/queue/sweep.hpp"

#include <algorithm>
#include <future>
#include <optional>
#include <string>

#include "base/log.hpp"

namespace twinshift::quarantine {
namespace {

using base::ErrorKind;

// Leases are extended by this, and so long before they run out.
constexpr std::chrono::milliseconds kHold{60'000};
constexpr std::chrono::milliseconds kAhead{20'000};

base::Error stopping() {
  return {ErrorKind::cancelled, "stopping: the quarantine was not read to its end", "the quarantine's queue", {}};
}

base::Error no_answer() {
  return {ErrorKind::unavailable, "the queue does not answer to a deletion", "the quarantine's queue",
          "List the quarantine to see what is left, then try again"};
}

}  // namespace

void warn_of_foreign(const Swept& swept) {
  if (swept.foreign == 0) return;
  base::log::warn("The quarantine's queue holds messages that are not of this version's writing: they stay there")
      .add("count", static_cast<std::uint64_t>(swept.foreign))
      .add("hint", "Use a queue of its own for QUARANTINE_QUEUE_URL; after a newer version ran, take that one");
}

base::Result<Sweep> Sweep::open(const QueueOpener& open, SweepLimits limits, const base::Clock& clock) {
  auto queue = open();
  if (!queue) return base::fail(std::move(queue.error()));
  return Sweep(std::move(*queue), limits, clock);
}

Sweep::~Sweep() {
  close();
}

void Sweep::close() {
  if (queue_) queue_->close();
  queue_.reset();
  held_.clear();
}

base::Result<Swept> Sweep::run(const std::stop_token& stop, const Visit& visit) {
  Swept swept;
  const auto until = clock_->steady() + limits_.time_max;
  std::size_t empty_receives = 0;
  while (swept.messages < limits_.messages_max && clock_->steady() < until) {
    const std::size_t room = limits_.messages_max - swept.messages;
    const auto wait = swept.messages + empty_receives == 0 ? limits_.first_wait : limits_.empty_wait;
    auto leases = queue_->receive(std::min(room, limits_.receive_messages_max), wait, stop);
    if (stop.stop_requested()) return base::fail(stopping());
    if (!leases) return base::fail(std::move(leases.error()));
    empty_receives = leases->empty() ? empty_receives + 1 : 0;
    take(std::move(*leases), visit, swept);
    hold_on();
    if (empty_receives < limits_.empty_receives_min) continue;
    const queue::QueueStatus status = queue_->status();
    swept.is_all = status.depth_known && status.depth <= swept.messages;
    if (swept.is_all || empty_receives >= limits_.empty_receives_max) break;
  }
  return swept;
}

void Sweep::take(std::vector<queue::Lease> leases, const Visit& visit, Swept& swept) {
  swept.messages += leases.size();
  for (queue::Lease& lease : leases) {
    extend_at_ = std::min(extend_at_, lease.deadline - kAhead);
    auto refusal = read_refusal(lease.message.body);
    held_.push_back({refusal ? refusal->record.id : 0, std::move(lease.receipt)});
    if (refusal) {
      visit(std::move(*refusal));
    } else {
      ++swept.foreign;
    }
  }
}

void Sweep::hold_on() {
  if (held_.empty() || clock_->steady() < extend_at_) return;
  std::vector<queue::Receipt> receipts;
  receipts.reserve(held_.size());
  for (const Held& each : held_) receipts.push_back(each.receipt);
  queue_->extend(receipts, kHold);
  extend_at_ = clock_->steady() + kHold - kAhead;
}

base::Status Sweep::acknowledge(const std::set<std::int64_t>& numbers) {
  std::vector<queue::Receipt> receipts;
  for (const Held& each : held_) {
    if (numbers.contains(each.number)) receipts.push_back(each.receipt);
  }
  // The answer may come later than anybody waits for it.
  const auto answer = std::make_shared<std::promise<base::Status>>();
  auto answered = answer->get_future();
  queue_->acknowledge(std::move(receipts), [answer](base::Status status) { answer->set_value(std::move(status)); });
  if (answered.wait_for(limits_.settle_max) != std::future_status::ready) return base::fail(no_answer());
  return answered.get();
}

}  // namespace twinshift::quarantine
