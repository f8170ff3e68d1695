#include "tests/simulation/plan.hpp"

namespace twinshift::simulation {
namespace {

using std::chrono::milliseconds;

// Small bounds, so that each of them is met.
delivery::TargetLimits small_limits(base::Random& random, std::size_t batch_rows_min) {
  delivery::TargetLimits limits;
  limits.batch_rows_max = batch_rows_min + random.below(12);
  limits.budget_rows_max = 5 + random.below(20);
  limits.parking_rows_max = 5 + random.below(15);
  limits.park_group_rows_max = 1 + random.below(8);
  limits.rejected_rows_max = 3;
  return limits;
}

// Two targets, as the service has them.
void make_compared(Plan& plan, base::Random& random) {
  plan.compares = !plan.isolation && plan.targets.size() > 1 && random.chance(0.45);
  if (!plan.compares) return;
  plan.targets.resize(2);
  for (TargetPlan& target : plan.targets) target.unique = random.chance(0.4);
}

}  // namespace

Plan make_plan(base::Random& random) {
  Plan plan;
  plan.isolation = random.chance(0.2);
  plan.instances = random.chance(0.5) ? 1 : random.chance(0.75) ? 2 : 3;
  plan.shared_queue = random.chance(0.35);
  plan.lying_disk = !plan.isolation && random.chance(0.1);
  plan.waives = !plan.isolation && !plan.shared_queue && random.chance(0.25);
  plan.keeps_refusing = random.chance(0.4);
  plan.storm = milliseconds(30'000 + random.below(70'000));
  plan.events_max = 50 + random.below(200);
  const std::size_t targets = plan.isolation || plan.waives ? 2 + random.below(2) : 1 + random.below(3);
  for (std::size_t i = 0; i < targets; ++i) {
    plan.targets.push_back({.has_backlog = i > 0 && (plan.isolation || random.chance(0.92)),
                            .reports_by_row = random.chance(0.5),
                            .limits = small_limits(random, plan.isolation ? 6 : 1)});
  }
  plan.flow.hold_rows_max = 10 + random.below(40);
  plan.flow.lease = kLease;
  plan.flow.release.most = std::chrono::seconds(60);
  plan.disk_units = 1'000;
  plan.reserve_units = 20;
  if (random.chance(0.3)) plan.crash_at_action = 1 + random.below(1'500);
  if (plan.isolation) plan.crash_at_action.reset();
  make_compared(plan, random);
  return plan;
}

}  // namespace twinshift::simulation
