#include "tests/simulation/storm.hpp"

namespace twinshift::simulation {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kGapMost{1'200};
constexpr std::int64_t kClockJumpMinutes = 60;
constexpr milliseconds kFrozenMost{20'000};

}  // namespace

void Storm::next() {
  around_.after(around_.within(kGapMost), kWorld, [this] {
    if (!around_.stormy) return;
    strike();
    next();
  });
}

Instance& Storm::some_instance() {
  return *outside_.instances[around_.random.below(outside_.instances.size())];
}

void Storm::strike() {
  Instance& instance = some_instance();
  const std::uint64_t what = around_.random.below(100);
  if (what < 50) return strike_warehouse();
  if (what < 75) return strike_disk(instance);
  if (what < 82) {
    if (around_.plan.compares) return;
    const auto minutes = static_cast<std::int64_t>(around_.random.below(2 * kClockJumpMinutes + 1)) - kClockJumpMinutes;
    around_.tally.met(Met::clock_jumped);
    instance.wall_offset = std::chrono::minutes(minutes);
    around_.trace.note("instance {}'s wall clock jumps to {} minutes off", instance.index(), minutes);
    return;
  }
  if (!around_.plan.isolation && instance.up()) strike_process(instance);
}

void Storm::strike_warehouse() {
  const std::size_t first = around_.plan.isolation ? 1 : 0;
  const std::size_t target = first + around_.random.below(outside_.warehouses.size() - first);
  SimWarehouse& warehouse = *outside_.warehouses[target];
  // Where rows stay refused, a table that refused all would use up what rule 6 believes of the last 1,000 rows.
  if (!around_.plan.keeps_refusing && around_.chance(0.12)) {
    const bool all = around_.chance(0.5);
    around_.trace.note("target {} {}", target, all ? "refuses every row" : "takes rows again");
    return warehouse.refuse_all(all);
  }
  const auto mood = around_.chance(0.4) ? Mood::well : static_cast<Mood>(around_.random.below(kMoods));
  around_.trace.note("the mood of target {} is now {}", target, static_cast<int>(mood));
  warehouse.set_mood(mood);
}

void Storm::strike_process(Instance& instance) {
  switch (around_.random.below(6)) {
    case 0:
      return instance.kill(false);
    case 1:
      return instance.kill(true);
    case 2:
    case 3: {
      const bool off = around_.plan.waives && around_.chance(0.5);
      instance.disable(off ? TargetMask{2} : TargetMask{0});
      return instance.stop();
    }
    default:
      return instance.freeze(around_.now + around_.within(kFrozenMost));
  }
}

void Storm::strike_disk(Instance& instance) {
  const bool primary_side = !around_.plan.isolation;
  switch (around_.random.below(primary_side ? 6 : 2)) {
    case 0:
    case 1: {
      const std::size_t target = around_.random.below(instance.backlogs.size());
      instance.backlogs[target]->refuses_debts = around_.chance(0.4);
      return;
    }
    case 2:
      instance.quarantine.refuses_debts = around_.chance(0.3);
      return;
    case 3:
      instance.disk.slow = around_.chance(0.3);
      return;
    case 4:
      // Somebody else fills it, to the last unit or nearly so.
      instance.disk.foreign =
          around_.chance(0.6) ? 0 : around_.plan.disk_units - around_.random.below(4 * around_.plan.reserve_units);
      around_.trace.note("instance {}'s disk has {} units free", instance.index(), instance.disk.free());
      return;
    default:
      instance.disk.lying = around_.plan.lying_disk && around_.chance(0.6);
      return;
  }
}

void Storm::end() {
  around_.trace.note("every trouble is over");
  around_.stormy = false;
  for (const auto& warehouse : outside_.warehouses) warehouse->heal(around_.plan.keeps_refusing);
  for (const auto& instance : outside_.instances) {
    instance->disk.slow = instance->disk.lying = false;
    instance->disk.foreign = 0;
    instance->quarantine.refuses_debts = false;
    for (const auto& backlog : instance->backlogs) backlog->refuses_debts = false;
    instance->disable(0);
    if (instance->up() && instance->disabled() != 0) instance->stop();
  }
}

}  // namespace twinshift::simulation
