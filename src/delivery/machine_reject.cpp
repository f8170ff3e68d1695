// Refused rows: found by halving, believed where other rows are taken and they are few, and never in their neighbours'
// way.
#include <algorithm>
#include <set>
#include <utility>

#include "delivery/machine.hpp"

namespace twinshift::delivery {
namespace {

base::Error error_of(const std::string& target, const warehouse::Refusal& why) {
  const std::string where = why.column.empty() ? target : target + ", column " + why.column;
  return {base::ErrorKind::rejected, why.message, where, {}};
}

quarantine::Refused refused_of(const std::string& target, event::EventPtr event, const warehouse::Refusal& why,
                               std::uint32_t tries) {
  return {.target = target,
          .event = std::move(event),
          .column = why.column,
          .error_class = why.error_class,
          .message = why.message,
          .tries = tries};
}

void note_refusal(NoteKind kind, LaneIndex lane, const quarantine::Refused& refused, Step& step) {
  step.actions.emplace_back(
      Note{.kind = kind,
           .lane = lane,
           .statement_id = refused.event->id.hex(),
           .rows = 1,
           .error = error_of(refused.target, {refused.column, refused.error_class, refused.message})});
}

}  // namespace

void Machine::bisect(LaneIndex index, const base::Error& error, Step& step) {
  LaneState& lane = lanes_[index];
  Flight flight = *std::exchange(lane.current, std::nullopt);
  if (!lane.bisection) {
    lane.bisection = Bisection{.rows = flight.refs.size(),
                               .inserted_before = lane.refusals.inserted(),
                               .source = flight.source,
                               .parts = {},
                               .suspects = {}};
  }
  Bisection& bisection = *lane.bisection;
  if (flight.refs.size() == 1) {
    bisection.suspects.push_back({flight.refs.front(), warehouse::refusal_of(error)});
  } else {
    const auto middle = flight.refs.begin() + static_cast<std::ptrdiff_t>(flight.refs.size() / 2);
    for (auto [begin, end] : {std::pair{middle, flight.refs.end()}, std::pair{flight.refs.begin(), middle}}) {
      // A message that was settled meanwhile (parked, say) need not be tried.
      std::vector<MessageRef> half(begin, end);
      std::erase_if(half, [&](MessageRef ref) { return settlement_.find(ref) == nullptr; });
      if (half.empty()) continue;
      bisection.parts.push_front(make_flight(std::move(half), flight.source));
      bisection.parts.front().tried = true;
    }
  }
  if (bisection.rows > 1 && lane.guard.too_many(count_fresh(index, bisection.suspects))) {
    return end_bisection(index, true, step);
  }
  end_part(index, step);
}

// Events whose refusal is news: one that was refused before says nothing about the table, nor does a second message of
// the same event.
std::size_t Machine::count_fresh(LaneIndex index, const std::vector<Bisection::Suspect>& suspects) {
  std::set<event::EventId> fresh;
  for (const Bisection::Suspect& suspect : suspects) {
    const Entry* entry = settlement_.find(suspect.ref);
    if (entry == nullptr || lanes_[index].refusals.knows(entry->arrival.event->id)) continue;
    fresh.insert(entry->arrival.event->id);
  }
  return fresh.size();
}

// Was every row of a batch refused that held more than one event? All are still in hand.
bool Machine::all_of_several(std::size_t rows, const std::vector<Bisection::Suspect>& suspects) {
  if (suspects.size() < rows) return false;
  const auto event_id = [&](const Bisection::Suspect& each) { return settlement_.find(each.ref)->arrival.event->id; };
  return std::ranges::any_of(suspects, [&](const auto& each) { return event_id(each) != event_id(suspects.front()); });
}

void Machine::end_part(LaneIndex index, Step& step) {
  const LaneState& lane = lanes_[index];
  if (lane.bisection && lane.bisection->parts.empty()) end_bisection(index, false, step);
}

void Machine::end_bisection(LaneIndex index, bool refused_by_table, Step& step) {
  LaneState& lane = lanes_[index];
  Bisection bisection = *std::exchange(lane.bisection, std::nullopt);
  for (const Flight& part : bisection.parts) {
    for (const MessageRef ref : part.refs) retry_later(index, ref, step);
  }
  if (refused_by_table) return blame_table(index, bisection.suspects, step);
  refuse_rows(index, bisection.rows, bisection.inserted_before, std::move(bisection.suspects), step);
}

// Each suspect was refused alone. Which of them is the rows' own fault?
void Machine::refuse_rows(LaneIndex index, std::size_t rows, std::uint64_t inserted_before,
                          std::vector<Bisection::Suspect> suspects, Step& step) {
  LaneState& lane = lanes_[index];
  // What was parked meanwhile is the backlog's, though another secondary may still have to do with the message.
  std::erase_if(suspects, [&](const Bisection::Suspect& each) {
    const Entry* entry = settlement_.find(each.ref);
    return entry == nullptr || entry->parts[index] == Part::settled;
  });
  if (suspects.empty()) return;
  const std::size_t fresh = count_fresh(index, suspects);
  if (fresh > 0 && lane.guard.too_many(fresh)) return blame_table(index, suspects, step);
  const bool all_refused = all_of_several(rows, suspects);
  if (fresh > 0 && all_refused) {
    // Or they are bad ones that happened to come together. Next time they are known: then they are put back for longer
    // and longer, and not all at once, so that others get their turn, and with them the proof.
    for (const Bisection::Suspect& each : suspects) {
      lane.refusals.remember(settlement_.find(each.ref)->arrival.event->id);
    }
    return blame_table(index, suspects, step);
  }
  lane.guard.record(suspects.size(), fresh);
  lane.counts.rejected += suspects.size();
  std::vector<Bisection::Suspect> believed;
  const bool others_inserted = lane.refusals.inserted() > inserted_before;
  for (const Bisection::Suspect& each : suspects) {
    const event::EventId& id = settlement_.find(each.ref)->arrival.event->id;
    if (!all_refused && (others_inserted || lane.refusals.proven(id))) {
      believed.push_back(each);
    } else {
      doubt(index, each, step);
    }
  }
  if (!believed.empty()) put_in_quarantine(index, believed, step);
}

// So many that it must be the table: none is believed, and the target is left alone for a while.
void Machine::blame_table(LaneIndex index, const std::vector<Bisection::Suspect>& suspects, Step& step) {
  LaneState& lane = lanes_[index];
  const base::Error error = error_of(lane.setup.name, suspects.front().why);
  lane.last_error = error.text();
  step.actions.emplace_back(
      Note{.kind = NoteKind::table_refuses, .lane = index, .rows = suspects.size(), .error = error});
  for (const Bisection::Suspect& each : suspects) retry_later(index, each.ref, step);
  if (lane.policy.trip(step.now)) step.actions.emplace_back(Note{.kind = NoteKind::breaker_opened, .lane = index});
  if (can_park(index)) shed(index);
}

void Machine::put_in_quarantine(LaneIndex index, const std::vector<Bisection::Suspect>& suspects, Step& step) {
  LaneState& lane = lanes_[index];
  Refusals::Group group;
  for (const Bisection::Suspect& each : suspects) {
    Entry& entry = *settlement_.find(each.ref);
    settlement_.move(entry, index, Part::refused);
    group.refs.push_back(each.ref);
    const std::uint32_t tries = lane.refusals.tries(entry.arrival.event->id) + 1;
    group.events.push_back(refused_of(lane.setup.name, entry.arrival.event, each.why, tries));
  }
  PutInQuarantine action{.lane = index, .group = 0, .events = group.events};
  action.group = lane.refusals.sent(std::move(group));
  step.actions.emplace_back(std::move(action));
}

void Machine::quarantined(LaneIndex index, std::uint64_t number, base::Status status, Step& step) {
  LaneState& lane = lanes_[index];
  const Refusals::Group group = lane.refusals.answered(number);
  if (!status && !group.refs.empty()) {
    step.actions.emplace_back(Note{.kind = NoteKind::quarantine_failed,
                                   .lane = index,
                                   .rows = group.refs.size(),
                                   .error = std::move(status.error())});
  }
  for (std::size_t i = 0; i < group.refs.size(); ++i) {
    const quarantine::Refused& refused = group.events[i];
    if (!status) {
      lane.refusals.remember(refused.event->id);
      put_back(index, group.refs[i], step);
      continue;
    }
    lane.refusals.recorded(refused.event->id);
    ++lane.counts.quarantined;
    note_refusal(NoteKind::quarantined, index, refused, step);
    settlement_.settle(group.refs[i], index);
  }
  if (status && lane.setup.is_primary) primary_has(group.refs, step);
  after(step);
}

// Nothing else was inserted meanwhile, so it may still be the table.
void Machine::doubt(LaneIndex index, const Bisection::Suspect& suspect, Step& step) {
  LaneState& lane = lanes_[index];
  const event::EventPtr event = settlement_.find(suspect.ref)->arrival.event;
  lane.refusals.remember(event->id);
  const quarantine::Refused refused = refused_of(lane.setup.name, event, suspect.why, lane.refusals.tries(event->id));
  note_refusal(NoteKind::doubted, index, refused, step);
  put_back(index, suspect.ref, step);
}

// To where it is durable: it comes again, later and later.
void Machine::put_back(LaneIndex index, MessageRef ref, Step& step) {
  Entry* entry = settlement_.find(ref);
  if (entry == nullptr) return;
  if (entry->source == kQueue && can_park(index)) {
    if (entry->parts[index] == Part::refused) settlement_.move(*entry, index, Part::queued);
    park_part(index, ref);
  } else {
    release(ref, stopping_ ? std::chrono::milliseconds(0) : release_delay(entry->arrival.attempt), step);
  }
}

}  // namespace twinshift::delivery
