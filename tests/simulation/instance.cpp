#include "tests/simulation/instance.hpp"

#include <algorithm>
#include <utility>

#include "tests/simulation/acts.hpp"
#include "warehouse/owed_word.hpp"

namespace twinshift::simulation {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kDownMost{4'000};
constexpr milliseconds kStopMost{5'000};
constexpr double kCrashAtAction = 0.0003;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

}  // namespace

Instance::Instance(Outside& outside, std::uint32_t index)
    : disk{.units = outside.around.plan.disk_units, .reserve = outside.around.plan.reserve_units},
      queue(outside.around, disk, fmt::format("instance {}'s queue", index), true),
      quarantine(outside.around, disk, fmt::format("instance {}'s quarantine", index), false),
      outside_(outside),
      around_(outside.around),
      index_(index) {
  for (std::size_t target = 0; target < around_.plan.targets.size(); ++target) {
    backlogs.push_back(
        std::make_unique<SimFile>(around_, disk, fmt::format("instance {}'s backlog {}", index, target), false));
  }
}

void Instance::boot() {
  if (up()) return;
  around_.trace.note("instance {} starts", index_);
  queue.recover();
  quarantine.recover();
  for (const auto& backlog : backlogs) backlog->recover();
  begin_life();
  machine_ = std::make_unique<delivery::Machine>(setup());
  watches_.assign(lane_targets_.size(), {});
  lane_threads_.assign(lane_targets_.size(), {});
  if (around_.plan.compares) {
    publisher_ = std::make_unique<delivery::Publisher>();
    secondary_publisher_ = std::make_unique<delivery::Publisher>();
    secondary_publisher_->announce(warehouse::word_row(name(), warehouse::kStarted, wall_now()));
    publisher_->announce(warehouse::word_row(name(), warehouse::kStarted, wall_now()));
    publish_books();
  }
  run_at(around_.now);
  if (outside_.shared) store_books();
}

void Instance::begin_life() {
  disabled_ = disabled_next_;
  lane_targets_.clear();
  inbox_.clear();
  stopping_ = false;
  receiving_ = false;
  answers_waiting_ = 0;
  run_at_ = base::SteadyTime::max();
  receive_at_ = base::SteadyTime::max();
  frozen_until_ = {};
}

delivery::MachineSetup Instance::setup() {
  delivery::MachineSetup setup{.flow = around_.plan.flow, .seed = around_.random.next(), .mint_batch_id = [this] {
                                 return fmt::format("b{}", ++outside_.batches);
                               }};
  for (std::uint32_t target = 0; target < around_.plan.targets.size(); ++target) {
    if ((disabled_ >> target & 1U) != 0) continue;
    const TargetPlan& plan = around_.plan.targets[target];
    setup.lanes.push_back({.name = target == 0 ? "primary" : fmt::format("secondary{}", target),
                           .is_primary = target == 0,
                           .has_backlog = plan.has_backlog,
                           .limits = plan.limits});
    if (around_.broken(Planted::parking_budget_ignored)) setup.lanes.back().limits.parking_rows_max = 1'000'000;
    lane_targets_.push_back(target);
  }
  return setup;
}

// kill -9, or a power loss: what was under way took effect or not; nobody hears of it.
void Instance::kill(bool power_lost) {
  around_.tally.met(power_lost ? Met::power_lost : Met::killed);
  around_.trace.note("instance {} {}", index_, power_lost ? "loses power" : "is killed");
  if (power_lost) {
    ++power_losses_;
    for (const SimStore::Op& op : queue.lose_power()) {
      if (op.kind != SimStore::Kind::put) continue;
      around_.messages[op.message].lost_declared = true;
      around_.tally.met(Met::lost_by_a_lie);
    }
    std::vector<SimStore::Op> debts = quarantine.lose_power();
    std::erase_if(debts, [](const SimStore::Op& op) { return op.kind != SimStore::Kind::record; });
    for (std::uint32_t target = 0; target < backlogs.size(); ++target) {
      for (SimStore::Op& op : backlogs[target]->lose_power()) {
        op.target = target;
        if (op.kind == SimStore::Kind::put) debts.push_back(std::move(op));
      }
    }
    for (const SimStore::Op& op : debts) {
      around_.messages[op.message].debt_lost_declared |= static_cast<TargetMask>(1U << op.target);
    }
  } else {
    queue.lose_process();
    quarantine.lose_process();
    for (const auto& backlog : backlogs) backlog->lose_process();
  }
  end_life();
}

void Instance::end_life() {
  ++life_;
  machine_.reset();
  end_jobs();
  frozen_until_ = {};
  for (const auto& each : outside_.warehouses) each->forget_writer(index_);
  for (const MessageIndex message : std::exchange(counted_in_memory_, {})) around_.messages[message].counted = false;
  around_.after(milliseconds(10) + around_.within(kDownMost), kWorld, [this] { boot(); });
}

void Instance::stop() {
  around_.trace.note("instance {} is asked to stop", index_);
  give_up_at_ = around_.now + around_.within(kStopMost);
  post(delivery::StopAsked{.deadline = give_up_at_});
}

void Instance::finish_stop() {
  publish_last_books();
  around_.tally.met(Met::stopped);
  around_.trace.note("instance {} stops", index_);
  queue.finish();
  quarantine.finish();
  for (const auto& backlog : backlogs) backlog->finish();
  for (const MessageIndex message : std::exchange(counted_in_memory_, {})) {
    ++counted_stored_[around_.messages[message].hour];
  }
  end_life();
}

void Instance::freeze(base::SteadyTime until) {
  around_.tally.met(Met::frozen);
  around_.trace.note("instance {} is frozen", index_);
  frozen_until_ = until;
}

bool Instance::settled() const {
  const bool owing =
      std::ranges::any_of(backlogs, [](const auto& each) { return !each->store.empty() || !each->idle(); });
  return up() && disabled_ == 0 && disabled_next_ == 0 && !owing && queue.store.empty() && queue.idle() &&
         quarantine.idle() && inbox_.empty() && machine_->in_hand() == 0 && answers_waiting_ == 0;
}

std::string Instance::what_is_left() const {
  std::string left = fmt::format("instance {}: {} in its queue, {} in hand, {} to answer", index_, queue.store.size(),
                                 up() ? machine_->in_hand() : 0, answers_waiting_);
  for (const auto& backlog : backlogs) left += fmt::format(", {} owed", backlog->store.size());
  for (delivery::LaneIndex lane = 0; up() && lane < lanes(); ++lane) {
    left += fmt::format(", target {} {}", target_of(lane), delivery::to_string(machine_->state(lane)));
  }
  return left + (up() ? "; " : ", down; ");
}

event::EventPtr Instance::find(delivery::Source source, const queue::Receipt& receipt) const {
  if (source == delivery::kQueue && outside_.shared) return outside_.shared->find(receipt);
  const SimStore& store = source == delivery::kQueue ? queue.store : backlogs[lane_targets_[source]]->store;
  const SimStore::Item* item = store.find(receipt);
  return item != nullptr ? item->event : nullptr;
}

void Instance::post(delivery::Input input) {
  if (!up()) return;
  inbox_.push_back(std::move(input));
  run_at(around_.now + around_.within(std::chrono::microseconds(500)));
}

void Instance::run_at(base::SteadyTime at) {
  if (run_at_ <= at) return;
  run_at_ = at;
  around_.timeline.plan(at, owner(), [this, at] {
    if (run_at_ == at) run();
  });
}

// As Conductor::run() does.
void Instance::run() {
  run_at_ = base::SteadyTime::max();
  delivery::Step step{.now = around_.now};
  for (delivery::Input& input : std::exchange(inbox_, {})) take_in(input, step);
  if (stopping_ && around_.now >= give_up_at_) {
    machine_->give_up(step);
    if (!machine_->finished()) around_.violated("liveness: not finished after giving up");
  } else {
    machine_->tick(step);
  }
  outside_.acts->holds(*this);
  const std::uint32_t life = life_;
  carry_out_all(step);
  if (life != life_) return;
  if (machine_->finished()) return finish_stop();
  base::SteadyTime next = machine_->wake_at(around_.now);
  if (stopping_) next = std::min(next, give_up_at_);
  run_at(std::max(next, around_.now + std::chrono::microseconds(1)));
  kick_receiver();
}

void Instance::take_in(delivery::Input& input, delivery::Step& step) {
  delivery::Machine& machine = *machine_;
  const Overloaded cases{
      [&](delivery::Received& each) {
        receiving_ = false;  // from here on the machine's room counts these
        machine.received(std::move(each.arrivals), step);
      },
      [&](delivery::Written& each) { machine.written(each.lane, std::move(each.result), each.took, step); },
      [&](delivery::MarkerAnswered& each) { machine.marker_answered(each.lane, std::move(each.result), step); },
      [&](delivery::Probed& each) { machine.probed(each.lane, std::move(each.status), step); },
      [&](delivery::Fetched& each) { machine.fetched(each.lane, std::move(each.result), step); },
      [&](delivery::Parked& each) { machine.parked(each.lane, each.group, std::move(each.status), step); },
      [&](delivery::Quarantined& each) { machine.quarantined(each.lane, each.group, std::move(each.status), step); },
      [&](delivery::AcknowledgeFailed&) {},
      [&](delivery::StopAsked&) {
        stopping_ = true;
        machine.stop(step, step.now + delivery::kFinishMax);
      },
  };
  std::visit(cases, input);
}

void Instance::carry_out_all(delivery::Step& step) {
  for (const delivery::Action& action : step.actions) {
    if (std::holds_alternative<delivery::Note>(action)) continue;
    if (crash_due()) return kill(around_.chance(0.5));
    std::visit([this](const auto& each) { carry_out(each); }, action);
  }
}

// Between any two actions, before the first one and after the last one of a step (which is before the next one's).
bool Instance::crash_due() {
  ++around_.actions;
  if (around_.plan.isolation || !around_.stormy) return false;
  return around_.plan.crash_at_action == around_.actions || around_.chance(kCrashAtAction);
}

base::SteadyTime Instance::lease_now() const {
  return around_.broken(Planted::lease_by_wall_clock) ? around_.now + wall_offset : around_.now;
}

}  // namespace twinshift::simulation
