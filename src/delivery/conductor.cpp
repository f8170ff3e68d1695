#include "delivery/conductor.hpp"

#include <algorithm>
#include <utility>

#include "base/failpoint.hpp"

namespace twinshift::delivery {
namespace {

constexpr std::chrono::milliseconds kWaitMax{1'000};

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

template <class Each, class Id>
std::vector<event::EventId> ids_of(const std::vector<Each>& events, Id id) {
  std::vector<event::EventId> ids;
  ids.reserve(events.size());
  for (const Each& each : events) ids.push_back(id(each));
  return ids;
}

std::vector<Narrator::Target> narrated(const Conductor::Parts& parts) {
  std::vector<Narrator::Target> targets;
  for (std::size_t i = 0; i < parts.lanes->size(); ++i) {
    targets.push_back({parts.setup.lanes[i].name, (*parts.lanes)[i]->product()});
  }
  return targets;
}

}  // namespace

Conductor::Conductor(Parts parts)
    : parts_(std::move(parts)),
      machine_(parts_.setup),
      narrator_(narrated(parts_)),
      last_commits_(parts_.lanes->size()),
      tallies_(parts_.lanes->size()) {}

void Conductor::run() {
  while (!machine_.finished()) {
    std::vector<Input> inputs = parts_.inputs->take_all(wait_time());
    Step step{.now = parts_.clock->steady()};
    for (Input& input : inputs) take_in(input, step);
    if (give_up_at_ && step.now >= *give_up_at_) {
      machine_.give_up(step);
    } else {
      machine_.tick(step);
    }
    for (Action& action : step.actions) carry_out(action);
    publish();
  }
}

std::chrono::milliseconds Conductor::wait_time() const {
  const base::SteadyTime now = parts_.clock->steady();
  base::SteadyTime until = std::min(machine_.wake_at(now), now + kWaitMax);
  if (give_up_at_) until = std::min(until, std::max(*give_up_at_, now));
  return std::chrono::ceil<std::chrono::milliseconds>(until - now);
}

void Conductor::take_in(Input& input, Step& step) {
  const Overloaded cases{
      [&](Received& each) {
        base::failpoint(base::Failpoint::delivery_received);
        received_ += each.arrivals.size();
        if (base::failpoint_drops(base::Failpoint::delivery_drop_received)) drop_one(each.arrivals);
        if (parts_.witness != nullptr) parts_.witness->received(each.arrivals);
        machine_.received(std::move(each.arrivals), step);
      },
      [&](Written& each) {
        machine_.named(each.lane, std::move(each.statement_id));
        if (each.result) base::failpoint(base::Failpoint::delivery_written);
        tally(each);
        witness_landed(each);
        machine_.written(each.lane, std::move(each.result), each.took, step);
      },
      [&](MarkerAnswered& each) {
        machine_.named(each.lane, std::move(each.statement_id));
        tally(each);
        witness_landed(each);
        machine_.marker_answered(each.lane, std::move(each.result), step);
      },
      [&](Probed& each) { machine_.probed(each.lane, std::move(each.status), step); },
      [&](Fetched& each) { machine_.fetched(each.lane, std::move(each.result), step); },
      [&](Parked& each) {
        base::failpoint(base::Failpoint::delivery_parked);
        if (each.status && !each.events.empty()) parts_.witness->parked(name_of(each.lane), each.events);
        machine_.parked(each.lane, each.group, std::move(each.status), step);
      },
      [&](Quarantined& each) {
        base::failpoint(base::Failpoint::delivery_quarantined);
        if (each.status && !each.events.empty()) parts_.witness->quarantined(name_of(each.lane), each.events);
        machine_.quarantined(each.lane, each.group, std::move(each.status), step);
      },
      [&](AcknowledgeFailed& each) { narrator_.acknowledge_failed(each.error, step.now); },
      [&](StopAsked& each) {
        give_up_at_ = each.deadline;
        machine_.stop(step,
                      step.now + std::min<base::SteadyTime::duration>(kFinishMax, (each.deadline - step.now) / 2));
      },
  };
  std::visit(cases, input);
}

void Conductor::carry_out(Action& action) {
  std::vector<std::unique_ptr<Lane>>& lanes = *parts_.lanes;
  const Overloaded cases{
      [&](WriteBatch& each) { lanes[each.lane]->give(std::move(each)); },
      [&](FindMarker& each) { lanes[each.lane]->give(std::move(each)); },
      [&](Probe& each) { lanes[each.lane]->give(each); },
      [&](FetchBacklog& each) { lanes[each.lane]->give(each); },
      [&](Park& each) { carry_out_park(each); },
      [&](PutInQuarantine& each) { carry_out_quarantine(each); },
      [&](Acknowledge& each) { carry_out_acknowledge(each); },
      [&](Release& each) { give_back(each); },
      [&](Extend& each) { extend(each); },
      [&](Note& each) { note(each); },
  };
  std::visit(cases, action);
}

// A planted loss: acknowledged, and given to nobody.
void Conductor::drop_one(std::vector<Arrival>& arrivals) {
  parts_.queue->acknowledge({std::move(arrivals.back().receipt)}, [](const base::Status&) {});
  arrivals.pop_back();
}

void Conductor::carry_out_park(Park& park) {
  if (base::failpoint_drops(base::Failpoint::delivery_drop_parked)) park.events.pop_back();
  base::failpoint(base::Failpoint::backlog_park_before);
  std::vector<event::EventId> ids;
  if (parts_.witness != nullptr) ids = ids_of(park.events, [](const event::EventPtr& each) { return each->id; });
  parts_.backlogs[park.lane]->park(std::move(park.events), [inputs = parts_.inputs, lane = park.lane,
                                                            group = park.group,
                                                            ids = std::move(ids)](base::Status status) mutable {
    base::failpoint(base::Failpoint::backlog_park_after);
    inputs->try_put(Input(Parked{.lane = lane, .group = group, .status = std::move(status), .events = std::move(ids)}));
  });
}

void Conductor::carry_out_quarantine(PutInQuarantine& put) {
  std::vector<event::EventId> ids;
  if (parts_.witness != nullptr) ids = ids_of(put.events, [](const auto& each) { return each.event->id; });
  parts_.quarantine->put(std::move(put.events), [inputs = parts_.inputs, lane = put.lane, group = put.group,
                                                 ids = std::move(ids)](base::Status status) mutable {
    inputs->try_put(
        Input(Quarantined{.lane = lane, .group = group, .status = std::move(status), .events = std::move(ids)}));
  });
}

void Conductor::carry_out_acknowledge(Acknowledge& acknowledge) {
  const bool is_debt = acknowledge.source != kQueue;
  queue::Done done = [inputs = parts_.inputs, is_debt](base::Status status) {
    if (is_debt) base::failpoint(base::Failpoint::backlog_erase_after);
    if (!status) inputs->try_put(Input(AcknowledgeFailed{.error = std::move(status.error())}));
  };
  if (!is_debt) {
    base::failpoint(base::Failpoint::delivery_acknowledge_before);
    parts_.queue->acknowledge(std::move(acknowledge.receipts), std::move(done));
    base::failpoint(base::Failpoint::delivery_acknowledge_after);
  } else {
    base::failpoint(base::Failpoint::backlog_erase_before);
    parts_.backlogs[acknowledge.source]->acknowledge(std::move(acknowledge.receipts), std::move(done));
  }
}

void Conductor::give_back(const Release& release) {
  if (release.source == kQueue) {
    parts_.queue->release(release.receipts, release.delay);
  } else {
    parts_.backlogs[release.source]->release(release.receipts, release.delay);
  }
}

void Conductor::extend(const Extend& extend) {
  if (extend.source == kQueue) {
    parts_.queue->extend(extend.receipts, extend.duration);
  } else {
    parts_.backlogs[extend.source]->extend(extend.receipts, extend.duration);
  }
}

void Conductor::note(const Note& note) {
  if (note.kind == NoteKind::committed || note.kind == NoteKind::settled_by_marker) {
    last_commits_[note.lane] = parts_.clock->now();
  }
  if (note.kind == NoteKind::undecodable) undecodable_ += note.rows;
  if (note.kind == NoteKind::breaker_opened) tallies_[note.lane].breaker_opened();
  narrator_.tell(note, parts_.clock->steady());
}

// This and the next three: before the machine takes it in, for then the batch is gone.
void Conductor::tally(const Written& written) {
  const Flight& flight = *machine_.lane(written.lane).current;
  if (written.result) {
    tallies_[written.lane].committed(*flight.batch, flight.tried, written.took);
  } else {
    tallies_[written.lane].failed(flight.tried, written.result.error().kind);
  }
}

void Conductor::tally(const MarkerAnswered& answered) {
  if (!answered.result || !*answered.result) return;
  const Flight& flight = *machine_.lane(answered.lane).current;
  // Else it committed without some rows, and a new batch finds out which: that one counts.
  const warehouse::Marker& marker = **answered.result;
  if (marker.inserted + marker.duplicate == flight.refs.size()) tallies_[answered.lane].settled(*flight.batch);
}

void Conductor::witness_landed(const Written& written) {
  if (parts_.witness == nullptr || !written.result) return;
  const Flight& flight = *machine_.lane(written.lane).current;
  // A report may know the name that statement_of() does not.
  const std::string& name = written.result->statement_id.empty() ? flight.statement_id : written.result->statement_id;
  parts_.witness->landed({.target = name_of(written.lane),
                          .batch = *flight.batch,
                          .outcomes = written.result->outcomes,
                          .statement_id = name,
                          .from_backlog = flight.source != kQueue});
}

void Conductor::witness_landed(const MarkerAnswered& answered) {
  if (parts_.witness == nullptr || !answered.result || !*answered.result) return;
  const Flight& flight = *machine_.lane(answered.lane).current;
  const warehouse::Marker& marker = **answered.result;
  // Else it committed without some rows, and a new batch finds out which.
  if (marker.inserted + marker.duplicate != flight.refs.size()) return;
  parts_.witness->landed({.target = name_of(answered.lane),
                          .batch = *flight.batch,
                          .statement_id = flight.statement_id,
                          .from_backlog = flight.source != kQueue});
}

void Conductor::publish() {
  parts_.room->publish(machine_.room_rows(), machine_.room_bytes(), received_);
  DeliveryStatus status{.running = !machine_.finished(),
                        .received = received_,
                        .acknowledged = machine_.acknowledged(),
                        .released = machine_.released(),
                        .undecodable = undecodable_,
                        .in_hand = machine_.in_hand(),
                        .receive_error = {},
                        .targets = {}};
  for (LaneIndex index = 0; index < last_commits_.size(); ++index) {
    const LaneState& lane = machine_.lane(index);
    TargetStatus& target = status.targets.emplace_back();
    target.name = lane.setup.name;
    target.is_primary = lane.setup.is_primary;
    target.state = machine_.state(index);
    target.reached = lane.greeted;
    target.product = (*parts_.lanes)[index]->product();
    target.last_error = lane.last_error;
    target.landed = lane.counts.landed;
    target.duplicates = lane.counts.duplicates;
    target.rejected = lane.counts.rejected;
    target.quarantined = lane.counts.quarantined;
    target.displaced = lane.counts.displaced;
    target.parked = lane.counts.parked;
    target.batches = lane.counts.batches;
    target.in_hand = machine_.queued_rows(index);
    target.last_commit = last_commits_[index];
    target.tally = tallies_[index].counts();
    target.counts_duplicates = (*parts_.lanes)[index]->counts_duplicates();
  }
  parts_.board->publish(std::move(status));
}

}  // namespace twinshift::delivery
