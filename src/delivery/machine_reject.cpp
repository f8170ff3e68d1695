// Refused rows: found by halving, believed unless there are too many, and never in their neighbours' way.
#include <algorithm>
#include <utility>

#include "delivery/machine.hpp"

namespace twinshift::delivery {

void Machine::bisect(LaneIndex index, const base::Error& error, Step& step) {
  LaneState& lane = lanes_[index];
  Flight flight = *std::exchange(lane.current, std::nullopt);
  if (!lane.bisection) lane.bisection = Bisection{.rows = flight.refs.size(), .source = flight.source};
  Bisection& bisection = *lane.bisection;
  if (flight.refs.size() == 1) {
    bisection.suspects.push_back({flight.refs.front(), error});
  } else {
    const auto middle = flight.refs.begin() + static_cast<std::ptrdiff_t>(flight.refs.size() / 2);
    for (auto [begin, end] : {std::pair{middle, flight.refs.end()}, std::pair{flight.refs.begin(), middle}}) {
      // A message that was settled meanwhile (parked, say) need not be tried.
      std::vector<MessageRef> half(begin, end);
      std::erase_if(half, [&](MessageRef ref) { return settlement_.find(ref) == nullptr; });
      if (!half.empty()) bisection.parts.push_front(make_flight(std::move(half), flight.source));
    }
  }
  const auto first_attempts = std::ranges::count_if(bisection.suspects, [&](const Bisection::Suspect& suspect) {
    const Entry* entry = settlement_.find(suspect.ref);
    return entry != nullptr && entry->arrival.attempt <= 1;
  });
  if (lane.guard.too_many(static_cast<std::size_t>(first_attempts)) && bisection.rows > 1) {
    return end_bisection(index, true, step);
  }
  end_part(index, step);
}

void Machine::end_part(LaneIndex index, Step& step) {
  const LaneState& lane = lanes_[index];
  if (lane.bisection && lane.bisection->parts.empty()) end_bisection(index, false, step);
}

void Machine::end_bisection(LaneIndex index, bool refused_by_table, Step& step) {
  LaneState& lane = lanes_[index];
  Bisection bisection = *std::exchange(lane.bisection, std::nullopt);
  // Cut short, every suspect counts as one too many, so refuse_rows believes none.
  for (const Flight& part : bisection.parts) {
    for (const MessageRef ref : part.refs) retry_later(index, ref, step);
  }
  refuse_rows(index, refused_by_table ? bisection.suspects.size() : bisection.rows, std::move(bisection.suspects),
              step);
}

void Machine::refuse_rows(LaneIndex index, std::size_t rows, std::vector<Bisection::Suspect> suspects, Step& step) {
  LaneState& lane = lanes_[index];
  std::erase_if(suspects, [&](const Bisection::Suspect& each) { return settlement_.find(each.ref) == nullptr; });
  if (suspects.empty()) return;
  // Events refused before are known: only new refusals can mean that the table has changed.
  const auto fresh = static_cast<std::size_t>(std::ranges::count_if(
      suspects, [&](const Bisection::Suspect& each) { return settlement_.find(each.ref)->arrival.attempt <= 1; }));
  if (lane.guard.allows(rows, fresh)) {
    lane.guard.record(suspects.size(), fresh);
    for (const Bisection::Suspect& each : suspects) reject(index, each.ref, each.error, step);
    return;
  }
  lane.last_error = suspects.front().error.text();
  step.actions.emplace_back(
      Note{.kind = NoteKind::table_refuses, .lane = index, .rows = suspects.size(), .error = suspects.front().error});
  for (const Bisection::Suspect& each : suspects) retry_later(index, each.ref, step);
  lane.policy.trip(step.now);
  if (can_park(index)) shed(index);
}

// Until there is a quarantine: the event stays where it is durable (queue or backlog) and comes again later and later.
void Machine::reject(LaneIndex index, MessageRef ref, const base::Error& error, Step& step) {
  LaneState& lane = lanes_[index];
  const Entry* entry = settlement_.find(ref);
  if (entry == nullptr) return;
  ++lane.counts.rejected;
  step.actions.emplace_back(Note{.kind = NoteKind::rejected,
                                 .lane = index,
                                 .statement_id = entry->arrival.event->id.hex(),
                                 .rows = 1,
                                 .from_backlog = entry->source != kQueue,
                                 .error = error});
  if (entry->source == kQueue && can_park(index)) {
    park_part(index, ref);
  } else {
    release(ref, release_delay(entry->arrival.attempt), step);
  }
}

}  // namespace twinshift::delivery
