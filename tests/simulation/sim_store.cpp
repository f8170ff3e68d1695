#include "tests/simulation/sim_store.hpp"

#include <algorithm>
#include <ranges>

namespace twinshift::simulation {

void SimStore::write(Transaction transaction) {
  for (Op& op : transaction) apply(op);
  written_.push_back({.ops = std::move(transaction)});
}

void SimStore::sync(bool lying) {
  for (Written& each : written_) {
    each.reported = true;
    for (const Op& op : each.ops) {
      if (op.kind == Kind::put) {
        const auto found = items_.find(op.id);
        if (found != items_.end()) found->second.synced = true;
      } else if (op.kind == Kind::record) {
        const auto found = records_.find({op.target, op.event->key});
        if (found != records_.end()) found->second.synced = true;
      }
    }
  }
  if (!lying) written_.clear();
}

std::vector<SimStore::Op> SimStore::lose_power(base::Random& random, bool torn_stands) {
  const std::size_t kept = random.below(written_.size() + 1);
  std::vector<Op> lost;
  for (std::size_t i = written_.size(); i > kept; --i) {
    Written& each = written_[i - 1];
    // The checksum of a transaction that was cut in the middle is wrong, so nothing of it stands.
    const bool stands = torn_stands && i - 1 == kept;
    for (std::size_t keep = stands ? each.ops.size() / 2 : 0; each.ops.size() > keep; each.ops.pop_back()) {
      undo(each.ops.back());
      if (each.reported) lost.push_back(std::move(each.ops.back()));
    }
    if (!stands) written_.pop_back();
  }
  return lost;
}

void SimStore::apply(Op& op) {
  switch (op.kind) {
    case Kind::put:
      items_.emplace_hint(items_.end(), op.id, Item{.event = op.event});
      add_copy(*op.event, 1);
      ids_of_event_[static_cast<std::size_t>(op.event->key)].push_back(op.id);
      return;
    case Kind::erase: {
      auto node = items_.extract(op.id);
      op.erased = std::move(node.mapped());
      add_copy(*op.erased.event, -1);
      std::erase(ids_of_event_[static_cast<std::size_t>(op.erased.event->key)], op.id);
      return;
    }
    case Kind::record: {
      Record& record = records_[{op.target, op.event->key}];
      op.before = record;
      // Where one stood before, one is durable all the while.
      if (record.event == nullptr) {
        record.event = op.event;
      } else if (!keeps(op.target, *op.event)) {
        record.further.push_back(op.message);
      }
      return;
    }
    case Kind::unrecord: {
      auto node = records_.extract({op.target, op.event->key});
      op.before = std::move(node.mapped());
      return;
    }
    default:
      return count(op, 1);
  }
}

void SimStore::undo(const Op& op) {
  switch (op.kind) {
    case Kind::put:
      items_.erase(op.id);
      add_copy(*op.event, -1);
      std::erase(ids_of_event_[static_cast<std::size_t>(op.event->key)], op.id);
      return;
    case Kind::erase:
      items_.emplace(op.id, op.erased);
      add_copy(*op.erased.event, 1);
      ids_of_event_[static_cast<std::size_t>(op.erased.event->key)].push_back(op.id);
      return;
    case Kind::record:
      if (op.before.event != nullptr) {
        records_[{op.target, op.event->key}] = op.before;
      } else {
        records_.erase({op.target, op.event->key});
      }
      return;
    case Kind::unrecord:
      records_[{op.target, op.event->key}] = op.before;
      return;
    default:
      return count(op, -1);
  }
}

void SimStore::count(const Op& op, std::int64_t by) {
  SimMessage& message = messages_[op.message];
  if (op.kind == Kind::count_received) {
    counters_[message.hour].received += by;
    if (is_queue_) message.counted = by > 0;
  } else if (op.kind == Kind::count_settled) {
    counters_[message.hour].settled += by;
  } else {
    waived_[op.target][message.hour] += by;
    std::int8_t& waivers = message.waivers[op.target];
    waivers = static_cast<std::int8_t>(waivers + by);
    const auto bit = static_cast<TargetMask>(1U << op.target);
    message.waived = static_cast<TargetMask>(waivers > 0 ? message.waived | bit : message.waived & ~bit);
  }
}

void SimStore::add_copy(const event::Event& event, int by) {
  const MessageIndex message = message_of(event);
  if (copies_.size() <= message) copies_.resize(messages_.size());
  copies_[message] += by;
  const auto key = static_cast<std::size_t>(event.key);
  if (ids_of_event_.size() <= key) ids_of_event_.resize(key + 1);
}

std::vector<delivery::Arrival> SimStore::receive(std::size_t rows_max, base::SteadyTime now, base::SteadyTime steady) {
  std::vector<delivery::Arrival> arrivals;
  for (auto& [id, item] : items_) {
    if (arrivals.size() >= rows_max) break;
    if (item.visible_at > now || !item.synced) continue;
    lent_twice_ = lent_twice_ || item.lent_until > steady;
    item.visible_at = now + kLease;
    item.lent_until = steady + kLease;
    arrivals.push_back({.event = item.event,
                        .receipt = {.id = id, .generation = ++item.generation, .handle = {}},
                        .attempt = ++item.attempts,
                        .deadline = item.lent_until});
  }
  return arrivals;
}

const SimStore::Item* SimStore::item(std::int64_t id) const {
  const auto found = items_.find(id);
  return found != items_.end() ? &found->second : nullptr;
}

const SimStore::Item* SimStore::find(const queue::Receipt& receipt) const {
  const Item* found = item(receipt.id);
  return found != nullptr && found->generation == receipt.generation ? found : nullptr;
}

void SimStore::release(const queue::Receipt& receipt, base::SteadyTime at) {
  if (find(receipt) == nullptr) return;
  Item& item = items_[receipt.id];
  item.visible_at = at;
  item.lent_until = {};
  ++item.generation;
}

void SimStore::extend(const queue::Receipt& receipt, base::SteadyTime until, base::SteadyTime steady_until) {
  if (find(receipt) == nullptr) return;
  Item& item = items_[receipt.id];
  item.visible_at = until;
  item.lent_until = steady_until;
}

void SimStore::reopen() {
  for (Item& item : items_ | std::views::values) {
    ++item.generation;
    item.attempts = 0;
    item.visible_at = {};
    item.lent_until = {};
  }
}

std::optional<base::SteadyTime> SimStore::next_visible() const {
  std::optional<base::SteadyTime> at;
  for (const Item& item : items_ | std::views::values) {
    if (item.synced && (!at || item.visible_at < *at)) at = item.visible_at;
  }
  return at;
}

std::vector<event::EventPtr> SimStore::events() const {
  std::vector<event::EventPtr> all;
  for (const Item& item : items_ | std::views::values) all.push_back(item.event);
  return all;
}

bool SimStore::owes(std::int64_t event_key) const {
  const auto key = static_cast<std::size_t>(event_key);
  return key < ids_of_event_.size() && !ids_of_event_[key].empty();
}

bool SimStore::owes_durably(std::int64_t event_key) const {
  const auto key = static_cast<std::size_t>(event_key);
  if (key >= ids_of_event_.size()) return false;
  return std::ranges::any_of(ids_of_event_[key], [&](std::int64_t id) { return items_.at(id).synced; });
}

bool SimStore::is_durable(const event::Event& message) const {
  const auto key = static_cast<std::size_t>(message.key);
  if (key >= ids_of_event_.size()) return false;
  return std::ranges::any_of(ids_of_event_[key], [&](std::int64_t id) {
    const Item& item = items_.at(id);
    return item.synced && message_of(*item.event) == message_of(message);
  });
}

std::int64_t SimStore::copies(MessageIndex message) const {
  return message < copies_.size() ? copies_[message] : 0;
}

bool SimStore::recorded_durably(std::uint32_t target, std::int64_t event_key) const {
  const auto found = records_.find({target, event_key});
  return found != records_.end() && found->second.synced;
}

bool SimStore::keeps(std::uint32_t target, const event::Event& message) const {
  const auto found = records_.find({target, message.key});
  if (found == records_.end()) return false;
  const MessageIndex index = message_of(message);
  return message_of(*found->second.event) == index ||
         std::ranges::find(found->second.further, index) != found->second.further.end();
}

std::size_t SimStore::record_messages(std::uint32_t target, std::int64_t event_key) const {
  const auto found = records_.find({target, event_key});
  return found == records_.end() ? 0 : 1 + found->second.further.size();
}

const event::Event* SimStore::record(std::uint32_t target, std::int64_t event_key) const {
  const auto found = records_.find({target, event_key});
  return found != records_.end() ? found->second.event.get() : nullptr;
}

}  // namespace twinshift::simulation
