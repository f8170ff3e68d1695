#include "tests/simulation/lane_table.hpp"

#include <algorithm>
#include <utility>

#include "tests/simulation/acts.hpp"

namespace twinshift::simulation {
namespace {

constexpr std::chrono::seconds kNotedLateBy{8};  // of a plant

std::unexpected<base::Error> dead() {
  return base::fail(base::ErrorKind::unavailable, "the process has died", "simulation");
}

}  // namespace

base::Status LaneTable::prepare() {
  if (!task_.wait(std::chrono::milliseconds(1))) return dead();
  return table().ping();
}

// What was read back from a table is one of the messages that brought the event.
event::EventPtr LaneTable::message_like(const event::Event& event) const {
  const auto number = around_.catalogue.find(event.id);
  if (!number) return nullptr;
  const auto found = std::ranges::find_if(around_.messages, [&](const SimMessage& message) {
    return message.event->key == *number && message.event->received_at == event.received_at;
  });
  return found == around_.messages.end() || found->event->json != event.json ? nullptr : found->event;
}

// The process may die before, while and after the target is at it.
base::Result<warehouse::WriteReport> LaneTable::carry_out(const SimWarehouse::CallPtr& call) {
  SimWarehouse* const target = &table();
  around_.timeline.plan(call->ends_at, kWorld, [target, call] { target->end(*call); });
  if (!task_.wait_until(call->answers_at)) return dead();
  if (instance_.may_crash()) return dead();
  if (call->unheard) {
    around_.tally.met(Met::outcome_unknown);
    return base::fail(base::ErrorKind::unknown_outcome, "the connection broke", "simulation");
  }
  return *call->answer;
}

base::Result<warehouse::WriteReport> LaneTable::write(const warehouse::Batch& batch) {
  if (task_.ended() || instance_.may_crash()) return dead();
  warehouse::Batch sent{.id = batch.id, .events = {}, .remove = batch.remove};
  for (const event::EventPtr& event : batch.events) {
    event::EventPtr message = message_like(*event);
    if (message == nullptr) {
      around_.violated("repair: what is written is no event that ever arrived");
      return dead();
    }
    sent.events.push_back(std::move(message));
  }
  around_.trace.note("instance {} mends target {}: {} writes {}, removes {}", instance_.index(), target_, sent.id,
                     sent.events.size(), sent.remove.size());
  return carry_out(table().begin(sent, instance_.index()));
}

// Asked under the writer lock.
base::Result<std::optional<warehouse::Marker>> LaneTable::find_marker(std::string_view batch_id) {
  const warehouse::Batch batch{.id = std::string(batch_id), .events = {}};
  if (const auto busy = table().busy_until(batch.id)) {
    if (!task_.wait_until(*busy + std::chrono::milliseconds(1))) return dead();
  }
  if (!task_.wait(table().call_time())) return dead();
  return table().find_marker(batch);
}

base::Result<warehouse::Table> LaneTable::query(const std::string&, std::size_t) {
  return base::fail(base::ErrorKind::invalid, "a lane's job asks nothing", "simulation");
}

base::Result<std::uint64_t> LaneTable::erase(std::span<const warehouse::EventPlace> places) {
  if (task_.ended() || instance_.may_crash()) return dead();
  const warehouse::Batch batch{.id = "erasure", .events = {}, .remove = {places.begin(), places.end()}};
  around_.trace.note("instance {} erases {} events in target {}", instance_.index(), places.size(), target_);
  const bool late = around_.broken(Planted::erase_before_noting);
  const bool notes = !late && !around_.broken(Planted::erase_forgets_ids);
  auto report = carry_out(table().begin_erasure(batch, instance_.index(), notes));
  if (late && report) {
    around_.after(kNotedLateBy, kWorld, [this_table = &table(), batch, around = &around_] {
      for (const auto& place : batch.remove) {
        if (const auto number = around->catalogue.find(place.id)) this_table->table.row_of(*number).erased = true;
      }
    });
  }
  if (!report) {
    // An erasure is done again, whatever became of it.
    if (report.error().kind == base::ErrorKind::unknown_outcome) report.error().kind = base::ErrorKind::unavailable;
    return base::fail(std::move(report.error()));
  }
  return report->removed;
}

}  // namespace twinshift::simulation
