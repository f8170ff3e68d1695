#include "tests/simulation/sim_sqs.hpp"

#include <algorithm>

namespace twinshift::simulation {
namespace {
using std::chrono::milliseconds;
constexpr std::size_t kReceiveMost = 10;
}  // namespace

void SimSqs::send(event::EventPtr event) {
  const MessageIndex message = message_of(*event);
  if (copies_.size() <= message) copies_.resize(around_.messages.size());
  ++copies_[message];
  ++alive_;
  const bool late = around_.trouble(0.05) && !around_.plan.isolation;
  items_.push_back({.event = std::move(event),
                    .visible_at = late ? around_.now + milliseconds(random_.below(20'000)) : base::SteadyTime{}});
}

std::vector<delivery::Arrival> SimSqs::receive(std::size_t rows_max) {
  std::vector<delivery::Arrival> arrivals;
  rows_max = std::min(rows_max, kReceiveMost);
  for (std::size_t i = front_; i < items_.size() && arrivals.size() < rows_max; ++i) {
    Item& item = items_[i];
    if (item.deleted && !item.ghost) continue;
    const bool once_more = item.visible_at > around_.now && around_.trouble(0.005);
    if (item.visible_at > around_.now && !once_more) continue;
    if (random_.chance(0.1)) continue;  // in no order
    if (once_more || (item.attempts > 0 && !item.ghost)) around_.tally.met(Met::lent_again);
    if (item.ghost) {
      around_.tally.met(Met::deleted_message_came_again);
      item.ghost = false;
      --alive_;
    }
    item.visible_at = around_.now + kLease;
    arrivals.push_back({.event = item.event,
                        .receipt = {.id = static_cast<std::int64_t>(i), .generation = ++item.generation, .handle = {}},
                        .attempt = ++item.attempts,
                        .deadline = item.visible_at});
  }
  settle_front();
  return arrivals;
}

void SimSqs::settle_front() {
  while (front_ < items_.size() && items_[front_].deleted && !items_[front_].ghost) ++front_;
}

event::EventPtr SimSqs::find(const queue::Receipt& receipt) const {
  const Item& item = items_[static_cast<std::size_t>(receipt.id)];
  return item.deleted ? nullptr : item.event;
}

// A receipt of an earlier receive may delete the message or not ("DeleteMessage" in the API reference).
void SimSqs::acknowledge(const queue::Receipt& receipt) {
  Item& item = items_[static_cast<std::size_t>(receipt.id)];
  if (item.deleted || (item.generation != receipt.generation && random_.chance(0.5))) return;
  item.deleted = true;
  --copies_[message_of(*item.event)];
  item.ghost = around_.trouble(0.02);
  if (item.ghost) item.visible_at = around_.now + milliseconds(random_.below(10'000));
  if (!item.ghost) --alive_;
}

void SimSqs::release(const queue::Receipt& receipt, base::SteadyTime at) {
  Item& item = items_[static_cast<std::size_t>(receipt.id)];
  if (item.generation == receipt.generation) item.visible_at = at;
}

void SimSqs::extend(const queue::Receipt& receipt, base::SteadyTime until) {
  Item& item = items_[static_cast<std::size_t>(receipt.id)];
  if (item.generation == receipt.generation) item.visible_at = until;
}

std::optional<base::SteadyTime> SimSqs::next_visible() const {
  std::optional<base::SteadyTime> at;
  for (std::size_t i = front_; i < items_.size(); ++i) {
    const Item& item = items_[i];
    if (item.deleted && !item.ghost) continue;
    if (!at || item.visible_at < *at) at = item.visible_at;
  }
  return at;
}

std::int64_t SimSqs::copies(MessageIndex message) const {
  return message < copies_.size() ? copies_[message] : 0;
}

}  // namespace twinshift::simulation
