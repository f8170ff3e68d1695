// What leaves a lane without having been written: into the backlog, or back to where it came from.
#include <algorithm>
#include <iterator>
#include <utility>

#include "delivery/machine.hpp"

namespace twinshift::delivery {

// From here on the secondaries' time runs.
void Machine::primary_has(const std::vector<MessageRef>& refs, Step& step) {
  for (LaneIndex index = 0; index < lanes_.size(); ++index) {
    if (!can_park(index)) continue;
    LaneState& lane = lanes_[index];
    std::vector<MessageRef> watched;
    for (const MessageRef ref : refs) {
      const Entry* entry = settlement_.find(ref);
      if (entry == nullptr) continue;
      if (entry->parts[index] == Part::to_park) lane.parker.add(ref);
      if (entry->parts[index] == Part::queued) watched.push_back(ref);
    }
    if (!lane.greeting()) lane.parker.watch(std::move(watched), step.now + lane.setup.limits.park_after);
  }
}

// The first call has been answered: what the primary has had meanwhile has its time from here on.
void Machine::end_greeting(LaneIndex index, Step& step) {
  if (!can_park(index)) return;
  std::vector<MessageRef> watched;
  settlement_.for_each([&](MessageRef ref, Entry& entry) {
    if (entry.parts[index] == Part::queued && entry.parts[primary_] == Part::settled) watched.push_back(ref);
  });
  lanes_[index].parker.watch(std::move(watched), step.now + lanes_[index].setup.limits.park_after);
}

// Into the backlog as soon as the primary has it: what the primary may yet give back is not owed twice.
void Machine::park_part(LaneIndex index, MessageRef ref) {
  Entry* entry = settlement_.find(ref);
  if (entry == nullptr || entry->parts[index] != Part::queued) return;
  settlement_.move(*entry, index, Part::to_park);
  if (entry->parts[primary_] == Part::settled) lanes_[index].parker.add(ref);
}

// Live events that wait for this lane, and are not in a call under way, go to the backlog; a backlog's own batch stays
// for the next try.
void Machine::shed(LaneIndex index) {
  LaneState& lane = lanes_[index];
  const bool keep_backlog_batch = lane.current && lane.current->source != kQueue;
  std::optional<Flight> kept;
  if (keep_backlog_batch) kept = std::exchange(lane.current, std::nullopt);
  for (const MessageRef ref : take_waiting(lane)) {
    const Entry* entry = settlement_.find(ref);
    if (entry != nullptr && entry->source == kQueue) park_part(index, ref);
  }
  if (kept) lane.current = std::move(kept);
}

// Everything in the lane that no call is carrying out just now.
std::vector<MessageRef> Machine::take_waiting(LaneState& lane) {
  std::vector<MessageRef> refs = lane.batcher.take_all();
  const bool calling = lane.doing == Doing::writing || lane.doing == Doing::asking;
  if (lane.current && !calling) {
    std::ranges::copy(lane.current->refs, std::back_inserter(refs));
    lane.current.reset();
  }
  if (!lane.rest.empty() && (lane.rest.front().source == kQueue || stopping_)) {
    for (const Flight& flight : lane.rest) std::ranges::copy(flight.refs, std::back_inserter(refs));
    lane.rest.clear();
  }
  if (lane.bisection && (lane.bisection->source == kQueue || stopping_)) {
    for (const Flight& part : lane.bisection->parts) std::ranges::copy(part.refs, std::back_inserter(refs));
    for (const Bisection::Suspect& suspect : lane.bisection->suspects) refs.push_back(suspect.ref);
    lane.bisection.reset();
  }
  return refs;
}

void Machine::run_parking(LaneIndex index, Step& step) {
  if (!can_park(index)) return;
  Parker& parker = lanes_[index].parker;
  for (const MessageRef ref : parker.take_due(step.now)) park_part(index, ref);
  send_groups(index, step);
  std::uint64_t given_back = 0;
  while (const auto ref = parker.take_overflow()) {
    const Entry* entry = settlement_.find(*ref);
    if (entry == nullptr || entry->parts[index] != Part::to_park) continue;
    release(*ref, release_delay(entry->arrival.attempt), step);
    ++given_back;
  }
  if (given_back > 0) {
    step.actions.emplace_back(Note{.kind = NoteKind::park_overflow, .lane = index, .rows = given_back});
  }
}

void Machine::send_groups(LaneIndex index, Step& step) {
  LaneState& lane = lanes_[index];
  for (;;) {
    std::vector<MessageRef> refs;
    Park park{.lane = index};
    while (refs.size() < lane.setup.limits.park_group_rows_max) {
      const auto ref = lane.parker.take_next(step.now);
      if (!ref) break;
      Entry* entry = settlement_.find(*ref);
      if (entry == nullptr || entry->parts[index] != Part::to_park) continue;
      settlement_.move(*entry, index, Part::parking);
      park.events.push_back(entry->arrival.event);
      refs.push_back(*ref);
    }
    if (refs.empty()) return;
    park.group = lane.parker.sent(std::move(refs));
    step.actions.emplace_back(std::move(park));
  }
}

void Machine::parked(LaneIndex index, std::uint64_t group, base::Status status, Step& step) {
  LaneState& lane = lanes_[index];
  const std::vector<MessageRef> refs = lane.parker.answered(group, status.has_value(), step.now);
  if (status) {
    lane.counts.parked += refs.size();
    lane.backlog_at = {};
    for (const MessageRef ref : refs) settlement_.settle(ref, index);
  } else {
    step.actions.emplace_back(
        Note{.kind = NoteKind::park_failed, .lane = index, .rows = refs.size(), .error = std::move(status.error())});
    for (const MessageRef ref : refs) {
      Entry* entry = settlement_.find(ref);
      if (entry == nullptr || entry->parts[index] != Part::parking) continue;
      settlement_.move(*entry, index, Part::to_park);
      lane.parker.add(ref);
      if (stopping_) release(ref, std::chrono::milliseconds(0), step);
    }
  }
  after(step);
}

// Not now; the lane's own pause decides when, so a backlog's message comes back soon whatever its attempts.
void Machine::retry_later(LaneIndex index, MessageRef ref, Step& step) {
  Entry* entry = settlement_.find(ref);
  if (entry == nullptr) return;
  if (entry->source != kQueue) {
    release(ref, flow_.release.first, step);
  } else if (entry->parts[index] == Part::queued) {
    lanes_[index].batcher.add(ref, entry->bytes, step.now);
  }
}

void Machine::release(MessageRef ref, std::chrono::milliseconds delay, Step& step) {
  const Source source = settlement_.find(ref)->source;
  Arrival arrival = settlement_.drop(ref);
  ++released_;
  if (!step.actions.empty()) {
    auto* last = std::get_if<Release>(&step.actions.back());
    if (last != nullptr && last->source == source && last->delay == delay) {
      last->receipts.push_back(std::move(arrival.receipt));
      return;
    }
  }
  step.actions.emplace_back(Release{.source = source, .receipts = {std::move(arrival.receipt)}, .delay = delay});
}

// While stopping: nothing new begins, so what waits in a lane leaves it.
void Machine::wind_down(Step& step) {
  for (LaneIndex index = 0; index < lanes_.size(); ++index) {
    for (const MessageRef ref : take_waiting(lanes_[index])) wind_down_part(index, ref, step);
  }
}

void Machine::wind_down_part(LaneIndex index, MessageRef ref, Step& step) {
  const Entry* entry = settlement_.find(ref);
  if (entry == nullptr || entry->parts[index] != Part::queued) return;
  if (entry->source == kQueue && can_park(index)) {
    park_part(index, ref);
  } else {
    release(ref, std::chrono::milliseconds(0), step);
  }
}

}  // namespace twinshift::delivery
