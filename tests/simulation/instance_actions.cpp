// What carries the machine's actions out: lanes' calls, parking, quarantine, acknowledgements. As the conductor and the
// lanes' threads do, less the threads.
#include <algorithm>
#include <utility>

#include "tests/simulation/acts.hpp"
#include "tests/simulation/instance.hpp"

namespace twinshift::simulation {
namespace {

using base::ErrorKind;
using delivery::LaneIndex;
using std::chrono::milliseconds;
constexpr milliseconds kReadMost{20};
constexpr milliseconds kParkLateBy{3'000};

std::string_view told(const base::Result<warehouse::WriteReport>& answer) {
  return answer ? "written" : base::to_string(answer.error().kind);
}

}  // namespace

void Instance::start(const delivery::WriteBatch& action) {
  outside_.acts->writes(*this, action);
  const SimWarehouse::CallPtr call = warehouse(action.lane).begin(*action.batch, index_);
  around_.trace.note("instance {} writes {} of {} rows to {}", index_, action.batch->id, action.batch->events.size(),
                     target_of(action.lane));
  SimWarehouse* const target = &warehouse(action.lane);
  around_.timeline.plan(call->ends_at, kWorld, [this, target, call] {
    target->end(*call);
    if (target == outside_.warehouses.front().get()) outside_.acts->primary_committed(*call);
  });
  around_.timeline.plan(call->answers_at, owner(), [this, lane = action.lane, call] { hear_write(lane, *call); });
}

void Instance::hear_write(LaneIndex lane, const SimWarehouse::Call& call) {
  outside_.acts->hears(*this, lane, call);
  if (call.unheard) around_.tally.met(Met::outcome_unknown);
  base::Result<warehouse::WriteReport> answer = warehouse::WriteReport{};
  if (!call.unheard) {
    answer = *call.answer;
  } else if (around_.broken(Planted::believe_unknown)) {
    answer->outcomes.assign(call.batch.events.size(), warehouse::Outcome::written);
  } else {
    const bool hidden = around_.broken(Planted::marker_not_asked);
    answer =
        base::fail(hidden ? ErrorKind::unavailable : ErrorKind::unknown_outcome, "the connection broke", "simulation");
  }
  const bool refused = !answer && answer.error().kind == ErrorKind::rejected && call.batch.events.size() == 1;
  if (refused && around_.broken(Planted::quarantine_without_proof)) {
    quarantine_at_once(std::make_shared<warehouse::Batch>(call.batch), lane);
    answer = warehouse::WriteReport{};
    answer->outcomes = {warehouse::Outcome::written};
  }
  around_.trace.note("instance {} hears of {} from {}: {}", index_, call.batch.id, target_of(lane), told(answer));
  came_back(lane);
  post(delivery::Written{.lane = lane, .result = std::move(answer), .took = milliseconds(1)});
}

void Instance::quarantine_at_once(const delivery::BatchPtr& batch, LaneIndex lane) {
  outside_.acts->quarantines(*this, lane, batch->events);
  quarantine.submit(owner(),
                    {.use = SimFile::Use::owe, .records = batch->events, .record_target = target_of(lane), .done = {}});
}

void Instance::start(const delivery::FindMarker& action) {
  around_.after(warehouse(action.lane).call_time(), owner(), [this, action] { ask_marker(action); });
}

// Asked under the writer lock: while the batch may still be running there is no answer.
void Instance::ask_marker(const delivery::FindMarker& action) {
  const auto busy_until = warehouse(action.lane).busy_until(action.batch->id);
  base::Result<std::optional<warehouse::Marker>> found = std::nullopt;
  if (busy_until && !around_.broken(Planted::marker_without_lock)) {
    if (around_.chance(0.5)) {
      around_.timeline.plan(*busy_until + milliseconds(1), owner(), [this, action] { ask_marker(action); });
      return;
    }
    around_.tally.met(Met::writer_lock_busy);
    found = base::fail(ErrorKind::conflict, "the writer lock is taken", "simulation");
  } else {
    found = warehouse(action.lane).find_marker(*action.batch);
    if (found) around_.tally.met(*found ? Met::marker_found : Met::marker_absent);
  }
  outside_.acts->hears_marker(*this, action.lane, *action.batch, found);
  around_.trace.note("instance {} asks {} for the marker of {}: {}", index_, target_of(action.lane), action.batch->id,
                     !found   ? "no answer"
                     : *found ? "there"
                              : "not there");
  came_back(action.lane);
  post(delivery::MarkerAnswered{.lane = action.lane, .result = std::move(found)});
}

void Instance::start(const delivery::Probe& action) {
  const bool open = machine_->state(action.lane) == delivery::TargetState::open;
  if (open) around_.tally.met(Met::breaker_open);
  if (around_.broken(Planted::breaker_never_probes) && open) return;
  around_.after(warehouse(action.lane).call_time(), owner(), [this, action] {
    came_back(action.lane);
    post(delivery::Probed{.lane = action.lane, .status = warehouse(action.lane).ping()});
  });
}

void Instance::start(const delivery::FetchBacklog& action) {
  around_.after(around_.within(kReadMost), owner(), [this, action] {
    std::vector<delivery::Arrival> arrivals =
        file(action.lane).store.receive(action.rows_max, lease_now(), around_.now);
    if (file(action.lane).store.lent_twice()) around_.violated_now("a debt was lent twice while its lease ran");
    around_.trace.note("instance {} fetches {} of backlog {}", index_, arrivals.size(), target_of(action.lane));
    around_.tally.met(Met::backlog_drained, arrivals.size());
    std::vector<queue::Receipt> receipts;
    for (delivery::Arrival& arrival : arrivals) {
      receipts.push_back(arrival.receipt);
      if (!around_.broken(Planted::backlog_cuts_body)) continue;
      auto cut = std::make_shared<SimEvent>();
      cut->id = arrival.event->id;
      cut->key = arrival.event->key;
      cut->message = message_of(*arrival.event);
      cut->json = arrival.event->json.substr(1);
      arrival.event = std::move(cut);
    }
    if (around_.broken(Planted::backlog_acknowledged_early)) acknowledge(action.lane, receipts);
    came_back(action.lane);
    post(delivery::Fetched{.lane = action.lane, .result = std::move(arrivals)});
  });
}

void Instance::carry_out(const delivery::Park& action) {
  around_.trace.note("instance {} parks group {} of {} rows for {}", index_, action.group, action.events.size(),
                     target_of(action.lane));
  around_.tally.met(Met::parked, action.events.size());
  if (!around_.broken(Planted::park_after_acknowledge)) return submit_park(action, true);
  post(delivery::Parked{.lane = action.lane, .group = action.group, .status = {}});
  around_.after(kParkLateBy, owner(), [this, action] { submit_park(action, false); });
}

void Instance::submit_park(const delivery::Park& action, bool answered) {
  SimFile::Work work{.use = SimFile::Use::owe, .puts = action.events};
  if (around_.broken(Planted::park_forgets_one) && work.puts.size() > 1) work.puts.pop_back();
  if (answered) {
    work.done = [this, lane = action.lane, group = action.group](base::Status status) {
      post(delivery::Parked{.lane = lane, .group = group, .status = std::move(status)});
    };
  }
  file(action.lane).submit(owner(), std::move(work));
}

void Instance::carry_out(const delivery::PutInQuarantine& action) {
  SimFile::Work work{.use = SimFile::Use::owe, .record_target = target_of(action.lane)};
  for (const quarantine::Refused& each : action.events) work.records.push_back(each.event);
  around_.trace.note("instance {} puts {} rows of {} into the quarantine", index_, work.records.size(),
                     target_of(action.lane));
  around_.tally.met(Met::quarantined, work.records.size());
  outside_.acts->quarantines(*this, action.lane, work.records);
  work.done = [this, lane = action.lane, group = action.group](base::Status status) {
    post(delivery::Quarantined{.lane = lane, .group = group, .status = std::move(status)});
  };
  quarantine.submit(owner(), std::move(work));
}

void Instance::carry_out(const delivery::Acknowledge& action) {
  around_.trace.note("instance {} acknowledges {} of {}", index_, action.receipts.size(),
                     action.source == delivery::kQueue ? "its queue" : "a backlog");
  acknowledge(action.source, action.receipts);
}

void Instance::acknowledge(delivery::Source source, const std::vector<queue::Receipt>& receipts) {
  if (receipts.empty()) return;
  outside_.acts->acknowledges(*this, source, receipts);
  if (around_.trouble(0.02)) return;  // fails: the messages come again
  if (source == delivery::kQueue && outside_.shared) {
    around_.after(around_.within(kReadMost), kWorld, [this, receipts] {
      for (const queue::Receipt& receipt : receipts) outside_.shared->acknowledge(receipt);
    });
    return;
  }
  SimFile::Work work{.use = SimFile::Use::settle, .erases = receipts};
  for (std::uint32_t target = 0; target < around_.plan.targets.size() && source == delivery::kQueue; ++target) {
    if ((disabled_ >> target & 1U) != 0) work.waived_targets.push_back(target);
  }
  file(source).submit(owner(), std::move(work));
}

void Instance::carry_out(const delivery::Release& action) {
  around_.trace.note("instance {} releases {} for {} ms", index_, action.receipts.size(), action.delay.count());
  const bool from_queue = action.source == delivery::kQueue;
  if (from_queue && around_.broken(Planted::acknowledge_released)) return acknowledge(action.source, action.receipts);
  for (const queue::Receipt& receipt : action.receipts) {
    if (from_queue && outside_.shared) {
      outside_.shared->release(receipt, around_.now + action.delay);
    } else {
      file(action.source).store.release(receipt, lease_now() + action.delay);
    }
  }
}

void Instance::carry_out(const delivery::Extend& action) {
  if (around_.trouble(0.05)) return;  // lost: the lease runs out and the message is lent again
  for (const queue::Receipt& receipt : action.receipts) {
    if (action.source == delivery::kQueue && outside_.shared) {
      outside_.shared->extend(receipt, around_.now + action.duration);
    } else {
      file(action.source).store.extend(receipt, lease_now() + action.duration, around_.now + action.duration);
    }
  }
}

}  // namespace twinshift::simulation
