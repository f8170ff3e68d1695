#include "tests/simulation/books.hpp"

#include <algorithm>

namespace twinshift::simulation {
namespace {

TargetMask bit_of(std::uint32_t target) {
  return static_cast<TargetMask>(1U << target);
}

}  // namespace

Standing Books::standing(const SimMessage& message, std::uint32_t target) const {
  const MessageIndex index = message_of(*message.event);
  const SimWarehouse& warehouse = *outside_.warehouses[target];
  Standing standing;
  standing.landed = warehouse.landed_as(index);
  const std::uint32_t rows = warehouse.duplicates(index);
  standing.duplicate = rows > 0;
  standing.waived = message.waivers[target];
  if (outside_.shared) standing.owed = outside_.shared->copies(index);
  for (const auto& instance : outside_.instances) {
    standing.owed += instance->queue.store.copies(index) + instance->backlogs[target]->store.copies(index);
    if (instance->quarantine.store.keeps(target, *message.event)) ++standing.quarantined;
  }
  return standing;
}

bool Books::is_somewhere(const SimMessage& message, std::uint32_t target) const {
  const std::int64_t key = message.event->key;
  if (outside_.warehouses[target]->table.settled(key)) return true;
  if (((message.waived | message.debt_lost_declared) & bit_of(target)) != 0) return true;
  const MessageIndex index = message_of(*message.event);
  if (outside_.shared && outside_.shared->copies(index) > 0) return true;
  return std::ranges::any_of(outside_.instances, [&](const auto& instance) {
    return instance->queue.store.copies(index) > 0 || instance->backlogs[target]->store.owes(key) ||
           instance->quarantine.store.record(target, key) != nullptr;
  });
}

void Books::check_message(const SimMessage& message) {
  if (!message.answered || message.lost_declared) return;
  for (std::uint32_t target = 0; target < outside_.warehouses.size(); ++target) {
    if (is_somewhere(message, target)) continue;
    return around_.violated(
        fmt::format("rule 1: event {} was answered 200 and is nowhere for target {}", message.event->key, target));
  }
}

void Books::check_row(const SimMessage& message, std::uint32_t target) {
  const Row& row = outside_.warehouses[target]->row(message.event->key);
  if (row.event == nullptr || row.event->json == message.event->json) return;
  around_.violated(fmt::format("rule 7: event {} was changed on its way to target {}", message.event->key, target));
}

// How much of a message's residual is the disk's fault, or a known one of the books' design; 0 where it is neither.
std::int64_t Books::excused(const SimMessage& message, const Standing& standing, std::uint32_t target) {
  const std::int64_t missing = std::int64_t{message.counted} - standing.sum();
  if (missing == 0) return 0;
  if (missing > 0) {
    if ((message.debt_lost_declared & bit_of(target)) == 0) return 0;
    ++excuses_.lost_by_lies;
    return missing;
  }
  // SQS took it and its answer, or the count of it, was lost; or the disk lost the enqueue, and with it the count.
  if (!message.counted) return outside_.shared || message.lost_declared ? missing : 0;
  // Somebody has taken or moved its row, and it was inserted again.
  const bool by_hand = outside_.warehouses[target]->row(message.event->key).ever_spoilt;
  if (standing.waived == 0 && standing.quarantined == 0 && !by_hand) return 0;
  ++(by_hand ? excuses_.by_hand : excuses_.overlapping);
  return missing;
}

void Books::add_instance(const Instance& instance, std::uint32_t target, Hours& residuals) const {
  const SimStore& backlog = instance.backlogs[target]->store;
  const SimStore& queue = instance.queue.store;
  for (std::size_t hour = 0; hour < kHours; ++hour) {
    const HourCounters& in_queue = queue.counters()[hour];
    const HourCounters& in_backlog = backlog.counters()[hour];
    residuals[hour] += instance.received_in(hour) - (in_queue.received - in_queue.settled) -
                       (in_backlog.received - in_backlog.settled) - queue.waived(target, hour) -
                       instance.quarantine.store.waived(target, hour) -
                       outside_.warehouses[target]->landed(instance.index(), hour);
  }
  for (const auto& [of, record] : instance.quarantine.store.records()) {
    if (of.first != target) continue;
    --residuals[around_.messages[message_of(*record.event)].hour];
    for (const MessageIndex message : record.further) --residuals[around_.messages[message].hour];
  }
}

Books::Hours Books::residuals(std::uint32_t scope, std::uint32_t target) const {
  Hours residuals{};
  for (const auto& instance : outside_.instances) {
    if (outside_.shared || instance->index() == scope) add_instance(*instance, target, residuals);
  }
  const SimWarehouse& warehouse = *outside_.warehouses[target];
  for (MessageIndex index = 0; index < around_.messages.size(); ++index) {
    const SimMessage& message = around_.messages[index];
    if (!outside_.shared && message.instance != scope) continue;
    const std::uint32_t rows = warehouse.duplicates(index);
    residuals[message.hour] -= around_.broken(Planted::duplicates_per_redelivery) ? rows : std::min(rows, 1U);
  }
  return residuals;
}

void Books::check_books(std::uint32_t scope, std::uint32_t target, bool at_end) {
  Hours allowed{};
  for (const SimMessage& message : around_.messages) {
    if (!outside_.shared && message.instance != scope) continue;
    const Standing stands = standing(message, target);
    const std::int64_t excuse = excused(message, stands, target);
    if (at_end && around_.eyes != Eyes::books) check_once(message, stands, target, excuse);
    allowed[message.hour] += at_end ? excuse : std::max<std::int64_t>(0, excuse);
  }
  const Hours found = residuals(scope, target);
  for (std::size_t hour = 0; hour < kHours; ++hour) {
    if (at_end ? found[hour] == allowed[hour] : found[hour] <= allowed[hour]) continue;
    return around_.violated(fmt::format("rule 9: residual {:+} instead of {:+} for target {} in hour {}, {}",
                                        found[hour], allowed[hour], target, hour,
                                        at_end ? "at the end" : "while something is owed"));
  }
}

void Books::check_once(const SimMessage& message, const Standing& stands, std::uint32_t target, std::int64_t excuse) {
  if (std::int64_t{message.counted} - stands.sum() == excuse) return;
  around_.violated(fmt::format(
      "rule 9: message {} of event {} for target {}: counted {}, landed {}, duplicate {}, quarantined {}, owed {}, "
      "waived {}, its event's row {}",
      message_of(*message.event), message.event->key, target, message.counted, stands.landed, stands.duplicate,
      stands.quarantined, stands.owed, stands.waived, outside_.warehouses[target]->has(message.event->key)));
}

void Books::check_now() {
  if (around_.eyes != Eyes::books) {
    for (const SimMessage& message : around_.messages) check_message(message);
  }
  if (outside_.shared) return;  // how much is in the queue is not known exactly before the end
  excuses_ = {};
  for (const auto& instance : outside_.instances) {
    for (std::uint32_t target = 0; target < outside_.warehouses.size(); ++target) {
      check_books(instance->index(), target, false);
    }
  }
}

void Books::check_end() {
  excuses_ = {};
  for (const SimMessage& message : around_.messages) {
    if (around_.eyes == Eyes::books) break;
    check_message(message);
    for (std::uint32_t target = 0; target < outside_.warehouses.size(); ++target) check_row(message, target);
  }
  const std::size_t scopes = outside_.shared ? 1 : outside_.instances.size();
  for (std::uint32_t scope = 0; scope < scopes; ++scope) {
    for (std::uint32_t target = 0; target < outside_.warehouses.size(); ++target) check_books(scope, target, true);
  }
}

}  // namespace twinshift::simulation
