// What the decisions cost an event: received, written by two lanes, acknowledged.
#include <variant>

#include <benchmark/benchmark.h>

#include "delivery/machine.hpp"

namespace twinshift::delivery {
namespace {

constexpr std::size_t kRows = 250;

std::vector<event::EventPtr> make_events() {
  std::vector<event::EventPtr> events;
  for (std::size_t i = 0; i < kRows; ++i) {
    auto event = std::make_shared<event::Event>();
    event->key = static_cast<std::int64_t>(i);
    events.push_back(std::move(event));
  }
  return events;
}

MachineSetup make_setup() {
  MachineSetup setup{.flow = {}, .lanes = {}, .seed = 1, .mint_batch_id = [] { return std::string("batch"); }};
  setup.lanes.push_back({.name = "primary", .is_primary = true, .has_backlog = false, .limits = {}});
  setup.lanes.push_back({.name = "secondary", .is_primary = false, .has_backlog = true, .limits = {}});
  for (LaneSetup& lane : setup.lanes) lane.limits.batch_age_max = std::chrono::milliseconds(0);
  return setup;
}

void answer(Machine& machine, const Action& action, Step& step) {
  if (const auto* write = std::get_if<WriteBatch>(&action)) {
    warehouse::WriteReport report;
    report.outcomes.assign(write->batch->events.size(), warehouse::Outcome::written);
    machine.written(write->lane, std::move(report), std::chrono::milliseconds(1), step);
  } else if (const auto* probe = std::get_if<Probe>(&action)) {
    machine.probed(probe->lane, {}, step);
  } else if (const auto* fetch = std::get_if<FetchBacklog>(&action)) {
    machine.fetched(fetch->lane, {}, step);
  }
}

// Answers until nothing more is asked.
void settle(Machine& machine, Step& step) {
  while (!step.actions.empty()) {
    Step next{.now = step.now};
    for (const Action& action : step.actions) answer(machine, action, next);
    step.actions = std::move(next.actions);
  }
}

void settle_events(benchmark::State& state) {
  Machine machine(make_setup());
  const std::vector<event::EventPtr> events = make_events();
  Step step{.now = base::SteadyTime(std::chrono::hours(1))};
  machine.tick(step);
  settle(machine, step);
  std::int64_t id = 0;
  for (auto _ : state) {
    std::vector<Arrival> arrivals;
    arrivals.reserve(kRows);
    for (const event::EventPtr& event : events) {
      arrivals.push_back({.event = event,
                          .receipt = {.id = ++id, .generation = 1, .handle = {}},
                          .deadline = step.now + std::chrono::hours(1)});
    }
    machine.received(std::move(arrivals), step);
    settle(machine, step);
  }
  if (machine.in_hand() != 0) state.SkipWithError("not settled");
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRows));
}
BENCHMARK(settle_events);

}  // namespace
}  // namespace twinshift::delivery
