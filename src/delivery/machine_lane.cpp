// What a lane does next, and what its answers mean.
#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "delivery/machine.hpp"

namespace twinshift::delivery {

void Machine::advance(LaneIndex index, Step& step) {
  LaneState& lane = lanes_[index];
  if (lane.doing != Doing::nothing || stopping_) return;
  if (lane.policy.wants_probe(step.now) || (!lane.greeted && lane.policy.may_try(step.now))) {
    begin_call(index, Doing::probing, step);
    step.actions.emplace_back(Probe{.lane = index});
    return;
  }
  if (!lane.policy.may_try(step.now)) return;
  take_next_flight(index, step);
  if (!lane.policy.may_try(step.now)) return;  // the end of a bisection may have opened the breaker
  if (lane.current) {
    send(index, step);
  } else if (!start_backlog(index, step)) {
    start_live(index, step);
  }
}

// What has been begun comes before anything new.
void Machine::take_next_flight(LaneIndex index, Step& step) {
  LaneState& lane = lanes_[index];
  if (lane.current && !wanted(index, *lane.current)) {
    lane.current.reset();
    end_part(index, step);
  }
  if (lane.current) return;
  std::deque<Flight>& begun = lane.bisection ? lane.bisection->parts : lane.rest;
  while (!lane.current && !begun.empty()) {
    lane.current = std::move(begun.front());
    begun.pop_front();
    if (!wanted(index, *lane.current)) lane.current.reset();
  }
  if (lane.current && lane.current->refs.size() > lane.batcher.cap().rows()) {
    begun.push_front(split_off(*lane.current));
  }
  if (!lane.current) end_part(index, step);
}

// Live traffic comes first, but every n-th batch is the backlog's, and an idle lane's all.
bool Machine::start_backlog(LaneIndex index, Step& step) {
  LaneState& lane = lanes_[index];
  const TargetLimits& limits = lane.setup.limits;
  if (!lane.setup.has_backlog || step.now < lane.backlog_at) return false;
  const auto live_start = lane.batcher.start_at(lane.since);
  if (live_start && *live_start <= step.now && lane.live_batches < limits.backlog_batch_every - 1) return false;
  const std::size_t rows =
      std::clamp<std::size_t>(limits.batch_bytes_max / lane.backlog_row_bytes, 1, lane.batcher.cap().rows());
  begin_call(index, Doing::fetching, step);
  step.actions.emplace_back(FetchBacklog{.lane = index, .rows_max = rows});
  return true;
}

bool Machine::start_live(LaneIndex index, Step& step) {
  LaneState& lane = lanes_[index];
  for (;;) {
    const auto start = lane.batcher.start_at(lane.since);
    if (!start || *start > step.now) return false;
    std::vector<MessageRef> refs = lane.batcher.take();
    std::erase_if(refs, [&](MessageRef ref) {
      const Entry* entry = settlement_.find(ref);
      return entry == nullptr || entry->parts[index] != Part::queued;
    });
    if (refs.empty()) continue;
    lane.current = make_flight(std::move(refs), kQueue);
    ++lane.live_batches;
    send(index, step);
    return true;
  }
}

void Machine::send(LaneIndex index, Step& step) {
  const Flight& flight = *lanes_[index].current;
  if (flight.unknown) {
    begin_call(index, Doing::asking, step);
    step.actions.emplace_back(FindMarker{.lane = index, .batch = flight.batch});
  } else {
    begin_call(index, Doing::writing, step);
    step.actions.emplace_back(WriteBatch{.lane = index, .batch = flight.batch});
  }
}

Flight Machine::make_flight(std::vector<MessageRef> refs, Source source) {
  auto batch = std::make_shared<warehouse::Batch>();
  batch->id = mint_batch_id_();
  batch->events.reserve(refs.size());
  for (const MessageRef ref : refs) batch->events.push_back(settlement_.find(ref)->arrival.event);
  return {.batch = std::move(batch), .refs = std::move(refs), .source = source};
}

// The second half as a batch of its own; the first one gets a new id, too. What was settled meanwhile is in neither.
Flight Machine::split_off(Flight& flight) {
  std::vector<MessageRef> refs = std::move(flight.refs);
  std::erase_if(refs, [&](MessageRef ref) { return settlement_.find(ref) == nullptr; });
  const auto middle = refs.begin() + static_cast<std::ptrdiff_t>((refs.size() + 1) / 2);
  const bool tried = flight.tried;
  Flight second = make_flight({middle, refs.end()}, flight.source);
  flight = make_flight({refs.begin(), middle}, flight.source);
  flight.tried = second.tried = tried;
  return second;
}

// The batch took too long and left nothing behind.
void Machine::send_less(LaneIndex index) {
  LaneState& lane = lanes_[index];
  lane.batcher.cap().took_too_long(lane.current->refs.size());
  if (lane.current->refs.size() < 2) return;
  (lane.bisection ? lane.bisection->parts : lane.rest).push_front(split_off(*lane.current));
}

// Is there still anything in it that this lane has to write?
bool Machine::wanted(LaneIndex index, const Flight& flight) {
  return std::ranges::any_of(flight.refs, [&](MessageRef ref) {
    const Entry* entry = settlement_.find(ref);
    return entry != nullptr && entry->parts[index] == Part::queued;
  });
}

void Machine::begin_call(LaneIndex index, Doing doing, const Step& step) {
  lanes_[index].doing = doing;
  lanes_[index].since = step.now;
}

LaneState& Machine::finish_call(LaneIndex index, const Step& step) {
  LaneState& lane = lanes_[index];
  TWINSHIFT_ASSERT(lane.doing != Doing::nothing);
  lane.doing = Doing::nothing;
  lane.since = step.now;
  lane.stalled = false;
  return lane;
}

void Machine::named(LaneIndex index, std::string statement_id) {
  TWINSHIFT_ASSERT(lanes_[index].current);
  lanes_[index].current->statement_id = std::move(statement_id);
}

void Machine::written(LaneIndex index, base::Result<warehouse::WriteReport> result, std::chrono::nanoseconds took,
                      Step& step) {
  TWINSHIFT_ASSERT(lanes_[index].doing == Doing::writing && lanes_[index].current);
  finish_call(index, step);
  lanes_[index].current->tried = true;
  if (result) {
    commit(index, *result, took, step);
  } else {
    fail_batch(index, result.error(), step);
  }
  after(step);
}

Machine::Outcomes Machine::sort_outcomes(const Flight& flight, const warehouse::WriteReport& report) {
  Outcomes sorted;
  sorted.committed.reserve(flight.refs.size());
  for (std::size_t i = 0; i < flight.refs.size(); ++i) {
    const auto outcome = i < report.outcomes.size() ? report.outcomes[i] : warehouse::Outcome::deferred;
    if (outcome == warehouse::Outcome::rejected) {
      sorted.refused.push_back({flight.refs[i], i < report.reasons.size() ? report.reasons[i] : warehouse::Refusal{}});
    } else if (outcome == warehouse::Outcome::deferred) {
      sorted.deferred.push_back(flight.refs[i]);
    } else {
      sorted.duplicates += outcome == warehouse::Outcome::duplicate ? 1 : 0;
      sorted.committed.push_back(flight.refs[i]);
    }
  }
  return sorted;
}

void Machine::commit(LaneIndex index, const warehouse::WriteReport& report, std::chrono::nanoseconds took, Step& step) {
  LaneState& lane = lanes_[index];
  const Flight flight = *std::exchange(lane.current, std::nullopt);
  Outcomes sorted = sort_outcomes(flight, report);
  lane.counts.displaced += report.displaced;
  const std::uint64_t inserted_before = lane.refusals.inserted();
  land(index, sorted.committed, sorted.duplicates, step);
  step.actions.emplace_back(Note{.kind = NoteKind::committed,
                                 .lane = index,
                                 .statement_id = report.statement_id.empty() ? flight.name() : report.statement_id,
                                 .rows = sorted.committed.size(),
                                 .duplicates = sorted.duplicates,
                                 .displaced = report.displaced,
                                 .took = took,
                                 .from_backlog = flight.source != kQueue});
  for (const MessageRef ref : sorted.deferred) retry_later(index, ref, step);
  if (!sorted.committed.empty()) {
    succeed(index, step);
  } else if (sorted.refused.empty()) {
    fail_try(index, step);
  }
  if (lane.bisection) {
    std::ranges::move(sorted.refused, std::back_inserter(lane.bisection->suspects));
    end_part(index, step);
  } else {
    refuse_rows(index, flight.refs.size(), inserted_before, std::move(sorted.refused), step);
  }
}

// The target has these for good.
void Machine::land(LaneIndex index, const std::vector<MessageRef>& refs, std::uint64_t duplicates, Step& step) {
  LaneState& lane = lanes_[index];
  if (lane.refusals.remembers_any()) {
    for (const MessageRef ref : refs) {
      const Entry* entry = settlement_.find(ref);
      if (entry != nullptr) lane.refusals.forget(entry->arrival.event->id);
    }
  }
  for (const MessageRef ref : refs) settlement_.settle(ref, index);
  if (lane.setup.is_primary) primary_has(refs, step);
  lane.refusals.rows_inserted(refs.size() - duplicates);
  lane.batcher.cap().landed(refs.size());
  lane.counts.landed += refs.size() - duplicates;
  lane.counts.duplicates += duplicates;
  ++lane.counts.batches;
  lane.guard.record(refs.size(), 0);
}

void Machine::succeed(LaneIndex index, Step& step) {
  LaneState& lane = lanes_[index];
  lane.last_error.clear();
  if (lane.policy.succeeded()) step.actions.emplace_back(Note{.kind = NoteKind::breaker_closed, .lane = index});
}

void Machine::fail_try(LaneIndex index, Step& step) {
  LaneState& lane = lanes_[index];
  if (lane.policy.failed(step.now)) {
    step.actions.emplace_back(Note{.kind = NoteKind::breaker_opened, .lane = index});
  }
  if (park_at_once(lane) && can_park(index)) shed(index);
}

void Machine::fail_batch(LaneIndex index, const base::Error& error, Step& step) {
  LaneState& lane = lanes_[index];
  lane.last_error = error.text();
  const Decision decision = decide(error.kind);
  if (decision == Decision::bisect) return bisect(index, error, step);
  step.actions.emplace_back(Note{.kind = NoteKind::failed,
                                 .lane = index,
                                 .statement_id = lane.current->name(),
                                 .rows = lane.current->refs.size(),
                                 .error = error});
  if (decision == Decision::ask_marker) {
    lane.current->unknown = true;
    return;
  }
  if (decision == Decision::retry_less) send_less(index);
  fail_try(index, step);
}

void Machine::marker_answered(LaneIndex index, base::Result<std::optional<warehouse::Marker>> result, Step& step) {
  TWINSHIFT_ASSERT(lanes_[index].doing == Doing::asking && lanes_[index].current);
  LaneState& lane = finish_call(index, step);
  if (!result) {
    lane.last_error = result.error().text();
    step.actions.emplace_back(Note{.kind = NoteKind::failed,
                                   .lane = index,
                                   .statement_id = lane.current->name(),
                                   .rows = lane.current->refs.size(),
                                   .error = std::move(result.error())});
    fail_try(index, step);
  } else if (!*result) {
    lane.current->unknown = false;  // it did not commit and cannot any more: the same batch again
    if (++lane.current->lost > 1) send_less(index);
    fail_try(index, step);
  } else {
    commit_all(index, **result, step);
  }
  after(step);
}

void Machine::commit_all(LaneIndex index, const warehouse::Marker& marker, Step& step) {
  LaneState& lane = lanes_[index];
  Flight flight = *std::exchange(lane.current, std::nullopt);
  if (marker.inserted + marker.duplicate != flight.refs.size()) {
    // It committed without some rows, and only its lost answer knew which: a new batch finds out (each event once).
    auto again = std::make_shared<warehouse::Batch>(*flight.batch);
    again->id = mint_batch_id_();
    lane.current =
        Flight{.batch = std::move(again), .refs = std::move(flight.refs), .source = flight.source, .tried = true};
    return;
  }
  land(index, flight.refs, marker.duplicate, step);
  step.actions.emplace_back(Note{.kind = NoteKind::settled_by_marker,
                                 .lane = index,
                                 .statement_id = flight.name(),
                                 .rows = flight.refs.size(),
                                 .duplicates = marker.duplicate,
                                 .from_backlog = flight.source != kQueue});
  succeed(index, step);
  end_part(index, step);
}

void Machine::probed(LaneIndex index, base::Status status, Step& step) {
  TWINSHIFT_ASSERT(lanes_[index].doing == Doing::probing);
  if (lanes_[index].greeting()) end_greeting(index, step);
  LaneState& lane = finish_call(index, step);
  const bool was_open = lane.policy.breaker() == Breaker::open;
  lane.policy.probed(status.has_value(), step.now);
  if (status) {
    lane.greeted = true;
  } else {
    lane.last_error = status.error().text();
    step.actions.emplace_back(Note{.kind = NoteKind::probe_failed, .lane = index, .error = std::move(status.error())});
    if (!was_open) fail_try(index, step);
  }
  after(step);
}

void Machine::fetched(LaneIndex index, base::Result<std::vector<Arrival>> result, Step& step) {
  TWINSHIFT_ASSERT(lanes_[index].doing == Doing::fetching);
  LaneState& lane = finish_call(index, step);
  if (!result || result->empty()) {
    lane.backlog_at = step.now + lane.setup.limits.backlog_poll;
    if (!result) {
      step.actions.emplace_back(
          Note{.kind = NoteKind::fetch_failed, .lane = index, .error = std::move(result.error())});
    }
    return after(step);
  }
  std::vector<MessageRef> refs;
  std::size_t bytes = 0;
  for (Arrival& arrival : *result) {
    if (arrival.event == nullptr) {
      step.actions.emplace_back(
          Release{.source = index, .receipts = {std::move(arrival.receipt)}, .delay = release_delay(arrival.attempt)});
      step.actions.emplace_back(Note{.kind = NoteKind::undecodable, .lane = index, .rows = 1, .from_backlog = true});
      continue;
    }
    refs.push_back(settlement_.add(std::move(arrival), index, step.now));
    bytes += settlement_.find(refs.back())->bytes;
  }
  lane.live_batches = 0;
  if (!refs.empty()) {
    lane.backlog_row_bytes = std::max<std::size_t>(1, bytes / refs.size());
    lane.current = make_flight(std::move(refs), index);
  }
  after(step);
}

}  // namespace twinshift::delivery
