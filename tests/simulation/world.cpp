#include "tests/simulation/world.hpp"

#include <algorithm>
#include <utility>

namespace twinshift::simulation {
namespace {

using std::chrono::seconds;
constexpr seconds kLookEvery{3};
constexpr seconds kPulseEvery{10};
constexpr std::chrono::minutes kCalmMost{45};
constexpr std::uint64_t kMomentsInSecondMax = 50'000;

}  // namespace

World::World(std::uint64_t seed, Planted planted, Eyes eyes, bool traced)
    : around_(seed, planted, eyes, traced),
      outside_{.around = around_},
      senders_(outside_),
      storm_(outside_),
      books_(outside_),
      verdicts_(outside_),
      commands_(outside_, verdicts_),
      corruption_(outside_),
      operators_(outside_, commands_, corruption_),
      inspection_(outside_, commands_, corruption_, verdicts_) {
  const Plan& plan = around_.plan;
  outside_.acts = std::make_unique<Acts>(outside_);
  if (plan.shared_queue) outside_.shared = std::make_unique<SimSqs>(around_);
  for (std::size_t i = 0; i < plan.targets.size(); ++i) {
    outside_.warehouses.push_back(
        std::make_unique<SimWarehouse>(around_, fmt::format("target {}", i), plan.targets[i]));
  }
  for (std::uint32_t i = 0; i < plan.instances; ++i) {
    outside_.instances.push_back(std::make_unique<Instance>(outside_, i));
  }
}

void World::describe() {
  const Plan& plan = around_.plan;
  around_.trace.note("{} instances, {}, {} targets{}{}{}{}{}", plan.instances,
                     plan.shared_queue ? "one queue" : "each its own queue", plan.targets.size(),
                     plan.isolation ? ", the primary is well" : "", plan.lying_disk ? ", disks lie" : "",
                     plan.waives ? ", secondary off and on" : "", plan.keeps_refusing ? ", rows stay refused" : "",
                     plan.compares ? ", compared and corrupted" : "");
}

std::optional<std::string> World::run() {
  describe();
  for (const auto& instance : outside_.instances) instance->boot();
  senders_.begin();
  storm_.begin();
  if (around_.plan.compares) operators_.begin();
  around_.timeline.plan(kBeginning + around_.plan.storm, kWorld, [this] { end_storm(); });
  const base::SteadyTime ends_at = kBeginning + around_.plan.storm + kCalmMost;
  while (!around_.violation && !around_.timeline.empty()) {
    happen(around_.timeline.take());
    if (around_.now - looked_at_ >= kLookEvery) look();
    if (!around_.stormy && settled() && over()) break;
    if (around_.now > ends_at)
      around_.violated("liveness: not settled long after every trouble was over: " + what_is_left());
    check_progress();
  }
  if (!around_.violation) books_.check_end();
  if (!around_.violation) verdicts_.check_erased();
  return around_.violation;
}

void World::happen(Moment moment) {
  around_.now = std::max(around_.now, moment.at);
  if (moment.owner.instance < 0) return moment.happen();
  const Instance& instance = *outside_.instances[static_cast<std::size_t>(moment.owner.instance)];
  if (!instance.owns(moment.owner)) return;  // that process is dead
  if (instance.frozen_until() > around_.now) {
    return around_.timeline.postpone(std::move(moment), instance.frozen_until());
  }
  moment.happen();
}

void World::look() {
  looked_at_ = around_.now;
  books_.check_now();
  verdicts_.check_erased();
}

void World::check_progress() {
  if (around_.now - second_ >= seconds(1)) {
    second_ = around_.now;
    moments_in_second_ = 0;
  }
  if (++moments_in_second_ > kMomentsInSecondMax) around_.violated("liveness: runs in circles");
}

void World::end_storm() {
  storm_.end();
  pulse();
}

// A little traffic goes on: a refusal is believed only beside rows that are taken.
void World::pulse() {
  senders_.pulse();
  around_.after(kPulseEvery, kWorld, [this] { pulse(); });
}

// Where tables are compared that begins when all is settled for the first time.
bool World::over() {
  if (!around_.plan.compares) return true;
  if (!inspection_.begun()) inspection_.begin();
  return inspection_.done();
}

bool World::settled() {
  const auto is_settled = [](const auto& instance) { return instance->settled(); };
  const auto runs = [](const auto& warehouse) { return warehouse->running(); };
  return senders_.idle() && operators_.idle() && (!outside_.shared || outside_.shared->empty()) &&
         std::ranges::all_of(outside_.instances, is_settled) && std::ranges::none_of(outside_.warehouses, runs);
}

std::string World::what_is_left() const {
  std::string left = senders_.idle() ? "" : "senders; ";
  if (outside_.shared && !outside_.shared->empty()) left += "the shared queue; ";
  for (const auto& instance : outside_.instances) {
    if (!instance->settled()) left += instance->what_is_left();
  }
  return left;
}

}  // namespace twinshift::simulation
