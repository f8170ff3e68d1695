#include "tests/simulation/acts.hpp"

#include <algorithm>

namespace twinshift::simulation {

void Acts::answers(MessageIndex message) {
  if (!around_.messages[message].durable) {
    around_.violated_now(fmt::format("rule 1: message {} was answered before it was durable", message));
  }
}

bool Acts::safe(const event::Event& event, std::uint32_t target, bool debt_counts) const {
  if (outside_.warehouses[target]->table.settled(event.key)) return true;
  // An erasure has dropped it from the quarantine.
  if ((around_.messages[message_of(event)].waived >> target & 1U) != 0) return true;
  return std::ranges::any_of(outside_.instances, [&](const auto& instance) {
    if (instance->quarantine.store.recorded_durably(target, event.key)) return true;
    return debt_counts && target > 0 && instance->backlogs[target]->store.owes_durably(event.key);
  });
}

void Acts::acknowledges(const Instance& instance, delivery::Source source,
                        const std::vector<queue::Receipt>& receipts) {
  if (around_.eyes != Eyes::all) return;
  const bool from_queue = source == delivery::kQueue;
  for (const queue::Receipt& receipt : receipts) {
    const event::EventPtr event = instance.find(source, receipt);
    if (event == nullptr) continue;  // a spent receipt changes nothing
    for (std::uint32_t target = 0; target < outside_.warehouses.size(); ++target) {
      if (!from_queue && instance.target_of(source) != target) continue;
      if ((instance.disabled() >> target & 1U) != 0 || safe(*event, target, from_queue)) continue;
      around_.violated_now(fmt::format("rule {}: event {} acknowledged while target {} neither holds nor owes it",
                                       target == 0 ? 2 : 3, event->key, target));
    }
  }
}

void Acts::writes(Instance& instance, const delivery::WriteBatch& action) {
  if (action.batch->events.empty()) around_.violated_now("a batch without rows was written");
  LaneWatch& watch = instance.watch(action.lane);
  watch.inserted_when_sent = watch.inserted;
  if (action.batch->id == watch.unknown_batch) {
    around_.violated_now("a batch of unknown outcome was written again without asking for its marker");
  }
}

void Acts::hears(Instance& instance, delivery::LaneIndex lane, const SimWarehouse::Call& call) {
  LaneWatch& watch = instance.watch(lane);
  if (call.unheard) {
    watch.unknown_batch = call.batch.id;
    return;
  }
  const base::Result<warehouse::WriteReport>& answer = *call.answer;
  for (std::size_t i = 0; i < call.batch.events.size(); ++i) {
    const std::int64_t key = call.batch.events[i]->key;
    if (!answer && answer.error().kind == base::ErrorKind::rejected) {
      watch.refused.try_emplace(key, watch.inserted_when_sent);
    } else if (answer && answer->outcomes[i] == warehouse::Outcome::rejected) {
      watch.refused.try_emplace(key, watch.inserted_when_sent);
    } else if (answer && answer->outcomes[i] == warehouse::Outcome::written) {
      ++watch.inserted;
    }
  }
}

void Acts::hears_marker(Instance& instance, delivery::LaneIndex lane, const warehouse::Batch& batch,
                        const base::Result<std::optional<warehouse::Marker>>& found) {
  if (!found) return;
  LaneWatch& watch = instance.watch(lane);
  if (watch.unknown_batch == batch.id) watch.unknown_batch.clear();
  if (*found) watch.inserted += (*found)->inserted;
}

void Acts::quarantines(Instance& instance, delivery::LaneIndex lane, const std::vector<event::EventPtr>& events) {
  const LaneWatch& watch = instance.watch(lane);
  for (const event::EventPtr& event : events) {
    const auto refused = watch.refused.find(event->key);
    if (refused != watch.refused.end() && watch.inserted > refused->second) continue;
    around_.violated_now(
        fmt::format("rule 6: event {} goes into the quarantine without proof that the table takes others", event->key));
  }
}

void Acts::holds(const Instance& instance) {
  if (instance.answers_waiting() > kIntakeWaitingMax) {
    around_.violated_now(fmt::format("rule 8: {} requests wait in intake", instance.answers_waiting()));
  }
  const Plan& plan = around_.plan;
  std::size_t bound = plan.flow.hold_rows_max;
  for (const TargetPlan& target : plan.targets) {
    const delivery::TargetLimits& limits = target.limits;
    bound += 2 * limits.batch_rows_max;
    if (target.has_backlog) {
      bound +=
          limits.budget_rows_max + 2 * limits.parking_rows_max + limits.park_group_rows_max + limits.rejected_rows_max;
    }
  }
  const std::uint64_t in_hand = instance.machine().in_hand();
  if (in_hand > bound) around_.violated_now(fmt::format("rule 8: {} rows in hand, bound {}", in_hand, bound));
}

void Acts::primary_committed(const SimWarehouse::Call& call) {
  if (!around_.plan.isolation || !call.answer || !*call.answer) return;
  for (std::size_t i = 0; i < call.batch.events.size(); ++i) {
    if ((*call.answer)->outcomes[i] != warehouse::Outcome::written) continue;
    const SimMessage& message = around_.messages[message_of(*call.batch.events[i])];
    const auto lag = around_.now - message.durable_at;
    if (lag <= kPrimaryLagMax) continue;
    around_.violated_now(
        fmt::format("rule 5: an event reached the primary {} ms after it was durable, though the "
                    "primary was well",
                    std::chrono::duration_cast<std::chrono::milliseconds>(lag).count()));
  }
}

}  // namespace twinshift::simulation
