#include "tests/simulation/verdicts.hpp"

#include <algorithm>

namespace twinshift::simulation {

using proof::Finding;
using proof::FindingKind;

template <class Is>
bool Verdicts::any_message(std::int64_t number, Is is) const {
  return std::ranges::any_of(around_.messages,
                             [&](const SimMessage& message) { return message.event->key == number && is(message); });
}

bool Verdicts::spoilt_since(std::uint32_t target, std::int64_t number, base::SteadyTime begun) const {
  const Row& row = outside_.warehouses[target]->row(number);
  return row.spoilt || (row.ever_spoilt && row.sound_since >= begun);
}

bool Verdicts::lacked_by_right(std::uint32_t target, std::int64_t number) const {
  return any_message(number, [&](const SimMessage& message) {
    return ((message.waived | message.debt_lost_declared) >> target & 1U) != 0 || message.lost_declared;
  });
}

bool Verdicts::quarantined_anywhere(std::uint32_t target, std::int64_t number) const {
  return std::ranges::any_of(outside_.instances, [&](const auto& instance) {
    return instance->quarantine.store.record(target, number) != nullptr;
  });
}

bool Verdicts::justified(const Finding& finding, std::uint32_t target, std::int64_t number,
                         base::SteadyTime begun) const {
  // An erasure takes it from one side, then from the other.
  const bool erased = outside_.warehouses[0]->row(number).erased || outside_.warehouses[1]->row(number).erased;
  switch (finding.kind) {
    case FindingKind::missing:
      return erased || spoilt_since(target, number, begun) || lacked_by_right(target, number);
    case FindingKind::doubled:
    case FindingKind::changed:
      return spoilt_since(target, number, begun);
    case FindingKind::quarantined:
      return quarantined_anywhere(target, number) || erased || lacked_by_right(target, number);
    case FindingKind::erased:
      return erased;
    case FindingKind::undecided:
      return true;
    case FindingKind::foreign:
      return false;
  }
  return false;
}

void Verdicts::named(const Finding& finding, base::SteadyTime begun) {
  if (finding.window) return around_.trace.note("named: a window that differs, and no row says why");
  const auto number = around_.catalogue.find(finding.id);
  if (!number) return around_.violated("verify: names an event that never was");
  const std::uint32_t target = finding.target == target_name(0) ? 0 : 1;
  around_.trace.note("named: event {} {} in target {}", *number, proof::to_string(finding.kind), target);
  if (justified(finding, target, *number, begun)) return;
  around_.violated(fmt::format("verify: event {} is named as {} in target {}, and is in order", *number,
                               proof::to_string(finding.kind), target));
}

// By a message that waits in the queue or in the target's backlog since before then.
bool Verdicts::owed_since(std::uint32_t target, std::int64_t number, base::SteadyTime begun) const {
  if (outside_.shared) return false;  // whether it was hidden there all the while nobody can know
  return any_message(number, [&](const SimMessage& message) {
    if (!message.durable || message.durable_at >= begun) return false;
    const Instance& instance = *outside_.instances[message.instance];
    const MessageIndex index = message_of(*message.event);
    return instance.queue.store.copies(index) + instance.backlogs[target]->store.copies(index) > 0;
  });
}

Verdicts::Begin Verdicts::begin() const {
  Begin begin{.at = around_.now};
  for (const auto& instance : outside_.instances) {
    for (const auto& [of, record] : instance->quarantine.store.records()) begin.quarantined.insert(of);
  }
  return begin;
}

void Verdicts::copies(std::uint32_t target, const warehouse::Batch& batch, const Begin& begin) {
  for (const event::EventPtr& event : batch.events) {
    const auto number = around_.catalogue.find(event->id);
    if (!number) continue;  // told elsewhere
    const bool refused = begin.quarantined.contains({target, *number}) && quarantined_anywhere(target, *number);
    if (!owed_since(target, *number, begin.at) && !refused) continue;
    around_.violated(fmt::format(
        "repair: event {} is copied to target {}, though it is owed there or in its quarantine", *number, target));
  }
}

std::vector<std::int64_t> Verdicts::found_now(const Instance& instance, std::int64_t person) {
  std::vector<std::int64_t> found;
  const auto events = static_cast<std::int64_t>(
      std::max(outside_.warehouses[0]->table.events(), outside_.warehouses[1]->table.events()));
  for (std::int64_t number = 0; number < events; ++number) {
    if (person_of(number) != person) continue;
    const bool stands = outside_.warehouses[0]->has(number) || outside_.warehouses[1]->has(number);
    const bool recorded = instance.quarantine.store.record(0, number) || instance.quarantine.store.record(1, number);
    const bool waits = instance.queue.store.owes_durably(number);
    if (stands || recorded || waits) found.push_back(number);
  }
  count(instance, found);
  return found;
}

// Where they stood when it began.
void Verdicts::count(const Instance& instance, const std::vector<std::int64_t>& events) {
  for (const std::int64_t number : events) {
    const bool recorded = instance.quarantine.store.record(0, number) || instance.quarantine.store.record(1, number);
    if (recorded) around_.tally.met(Met::erased_in_quarantine);
    if (instance.queue.store.owes(number)) around_.tally.met(Met::erased_in_queue);
    if (instance.backlogs[1]->store.owes(number)) around_.tally.met(Met::erased_in_backlog);
  }
}

void Verdicts::erased(const std::vector<std::int64_t>& events) {
  erased_.insert(events.begin(), events.end());
}

void Verdicts::check_erased() {
  for (const std::int64_t number : erased_) {
    // Whoever took its row from one side, or lost it, took it from the erasure's eyes, too.
    if (outside_.warehouses[0]->row(number).ever_spoilt || outside_.warehouses[1]->row(number).ever_spoilt) continue;
    for (std::uint32_t target = 0; target < outside_.warehouses.size(); ++target) {
      const Row& row = outside_.warehouses[target]->row(number);
      if ((row.copies == 0 && row.erased) || lacked_by_right(target, number)) continue;
      return around_.violated(fmt::format("erase: event {} was erased, and target {} {}", number, target,
                                          row.copies > 0 ? "holds it again" : "has not noted it"));
    }
  }
}

bool Verdicts::in_order(std::int64_t number) const {
  const Row& one = outside_.warehouses[0]->row(number);
  const Row& other = outside_.warehouses[1]->row(number);
  if (one.copies == 0 && other.copies == 0) return true;
  return one.copies == 1 && one.spoils.empty() && other.copies == 1 && other.spoils.empty();
}

bool Verdicts::looks_in_order(std::int64_t number) const {
  const Row& one = outside_.warehouses[0]->row(number);
  const Row& other = outside_.warehouses[1]->row(number);
  if (one.copies != other.copies || one.copies > 1) return false;
  // What both sides have changed alike has equal digests.
  const auto seen = [](const Row& row) { return row.spoil(0) == Spoil::text ? Spoil::none : row.spoil(0); };
  return seen(one) == seen(other);
}

bool Verdicts::hopeless(std::int64_t number) const {
  for (const auto& warehouse : outside_.warehouses) {
    const Row& row = warehouse->row(number);
    for (int copy = 0; copy < row.copies; ++copy) {
      if (row.spoil(copy) != Spoil::text) return false;
    }
  }
  return true;
}

}  // namespace twinshift::simulation
