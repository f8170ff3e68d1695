#include "delivery/delivery.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "delivery/conductor.hpp"

namespace twinshift::delivery {
namespace {

// Kept back from the deadline of a stop for what comes after the last decision.
constexpr std::chrono::milliseconds kFarewell{300};
// How long a lane's own call may still run once nobody needs its answer.
constexpr std::chrono::milliseconds kLaneFarewell{1'000};
constexpr std::chrono::seconds kStopWithoutDeadline{5};
// For what the books have to say last; they count in files of ours: milliseconds, but on a machine that is very busy.
constexpr std::chrono::milliseconds kLastBooks{2'000};

}  // namespace

std::string_view to_string(TargetState state) {
  switch (state) {
    case TargetState::starting:
      return "starting";
    case TargetState::ok:
      return "ok";
    case TargetState::retrying:
      return "retrying";
    case TargetState::open:
      return "open";
    case TargetState::stalled:
      return "stalled";
    case TargetState::disabled:
      return "disabled";
  }
  return "?";
}

struct Delivery::Impl {
  Impl(Options options_in, queue::EventQueue& queue_in, quarantine::Quarantine& quarantine_in,
       std::vector<TargetParts> targets_in, const base::Clock& clock_in)
      : options(std::move(options_in)),
        queue(queue_in),
        quarantine(quarantine_in),
        targets(std::move(targets_in)),
        clock(clock_in) {}

  void start();
  void start_lanes();
  void start_threads();
  StopReport stop(base::SteadyTime deadline);
  [[nodiscard]] DeliveryStatus status() const;
  [[nodiscard]] std::chrono::nanoseconds left(base::SteadyTime deadline) const { return deadline - clock.steady(); }

  const Options options;
  queue::EventQueue& queue;
  quarantine::Quarantine& quarantine;
  std::vector<TargetParts> targets;
  const base::Clock& clock;

  InputBoxPtr inputs = std::make_shared<InputBox>(kInputsMax);
  std::shared_ptr<Room> room = std::make_shared<Room>();
  std::shared_ptr<StatusBoard> board = std::make_shared<StatusBoard>();
  std::vector<std::string> products;  // by target, set in the constructor
  std::vector<std::unique_ptr<Lane>> lanes;
  std::vector<std::size_t> lane_targets;  // by lane: index of its target
  std::unique_ptr<Conductor> conductor;
  std::unique_ptr<Worker> conductor_thread;
  std::unique_ptr<Receiver> receiver;
  std::optional<StopReport> stopped;
  std::function<bool(std::chrono::milliseconds)> before_lanes_end;
  [[nodiscard]] Lane* primary_lane() const;
  std::stop_source jobs;
};

void Delivery::Impl::start() {
  TWINSHIFT_ASSERT(lanes.empty() && !stopped);
  start_lanes();
  start_threads();
  base::log::info("SQS Consumer started").add("targets", static_cast<std::uint64_t>(lanes.size()));
}

void Delivery::Impl::start_lanes() {
  for (std::size_t i = 0; i < targets.size(); ++i) {
    TargetParts& target = targets[i];
    if (target.enabled) {
      const auto index = static_cast<LaneIndex>(lanes.size());
      lanes.push_back(std::make_unique<Lane>(Lane::Parts{.index = index,
                                                         .name = target.name,
                                                         .warehouse = std::move(target.warehouse),
                                                         .backlog = target.backlog,
                                                         .identity = options.identity,
                                                         .is_primary = target.is_primary,
                                                         .announcement = options.announcement},
                                             inputs));
      lane_targets.push_back(i);
    } else if (target.backlog != nullptr) {
      base::log::info("Target is disabled: its backlog is kept and not drained")
          .add("target", target.name)
          .add("owed", target.backlog->status().owed);
    }
  }
}

void Delivery::Impl::start_threads() {
  MachineSetup setup{
      .flow = options.limits, .lanes = {}, .seed = options.seed, .mint_batch_id = [] { return base::uuid_v7(); }};
  std::vector<backlog::Backlog*> backlogs;
  for (const std::size_t i : lane_targets) {
    const TargetParts& target = targets[i];
    setup.lanes.push_back({.name = target.name,
                           .is_primary = target.is_primary,
                           .has_backlog = !target.is_primary && target.backlog != nullptr,
                           .limits = target.limits});
    backlogs.push_back(target.backlog);
    if (!target.is_primary) continue;
    // One full batch commits while the next one fills: with less room it could never fill, and would wait for its age.
    setup.flow.hold_rows_max = std::max(setup.flow.hold_rows_max, 2 * target.limits.batch_rows_max);
    setup.flow.hold_bytes_max = std::max(setup.flow.hold_bytes_max, 2 * target.limits.batch_bytes_max);
  }
  conductor = std::make_unique<Conductor>(Conductor::Parts{.setup = std::move(setup),
                                                           .queue = &queue,
                                                           .quarantine = &quarantine,
                                                           .lanes = &lanes,
                                                           .backlogs = std::move(backlogs),
                                                           .clock = &clock,
                                                           .inputs = inputs,
                                                           .room = room,
                                                           .board = board,
                                                           .witness = options.witness});
  conductor_thread = std::make_unique<Worker>("conductor", [this](std::stop_token) { conductor->run(); });
  receiver = std::make_unique<Receiver>(Receiver::Parts{.queue = &queue,
                                                        .inputs = inputs,
                                                        .room = room,
                                                        .limits = options.limits,
                                                        .identity = options.identity,
                                                        .seed = options.seed + 1});
}

StopReport Delivery::Impl::stop(base::SteadyTime deadline) {
  if (stopped) return *stopped;
  stopped.emplace();
  if (conductor == nullptr) return *stopped;
  StopReport& report = *stopped;
  const DeliveryStatus before = board->read();
  receiver->request_stop();
  if (!receiver->wait(left(deadline - kFarewell))) report.stuck_lanes.emplace_back("receiver");
  inputs->try_put(Input(StopAsked{.deadline = deadline - kFarewell}));
  // The conductor waits for nobody, so it keeps to its deadline.
  conductor_thread->wait(std::chrono::hours(1));
  const bool settled_in_time = clock.steady() < deadline - kFarewell;
  inputs->close();
  if (before_lanes_end) {
    const auto limit = std::min<std::chrono::nanoseconds>(left(deadline), kLastBooks);
    const bool all_told =
        before_lanes_end(std::chrono::floor<std::chrono::milliseconds>(std::max(limit, std::chrono::nanoseconds(0))));
    if (Lane* primary = primary_lane(); all_told && primary != nullptr) primary->settle();
  }
  const base::SteadyTime lanes_until = std::min(deadline, clock.steady() + kLaneFarewell);
  // All are told before the first is waited for: one that does not come back must not use up the others' time.
  for (const auto& lane : lanes) lane->close();
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    if (!lanes[i]->wait_for_end(left(lanes_until))) report.stuck_lanes.push_back(targets[lane_targets[i]].name);
  }
  const DeliveryStatus after = board->read();
  for (std::size_t i = 0; i < std::min(before.targets.size(), after.targets.size()); ++i) {
    report.parked += after.targets[i].parked - before.targets[i].parked;
  }
  report.released = after.released - before.released;
  report.clean = settled_in_time;
  base::log::info("SQS Consumer stopped")
      .add("parked", report.parked)
      .add("released", report.released)
      .add("clean", report.clean);
  return report;
}

void Delivery::prune_markers(const std::string& target, base::WallTime before) {
  for (std::size_t i = 0; i < impl_->lanes.size(); ++i) {
    if (impl_->targets[impl_->lane_targets[i]].name == target) impl_->lanes[i]->prune_before(before);
  }
}

base::Status Delivery::run_in_lane(const std::string& target, LaneJob job, std::chrono::milliseconds limit) {
  for (std::size_t i = 0; i < impl_->lanes.size(); ++i) {
    if (impl_->targets[impl_->lane_targets[i]].name != target) continue;
    return impl_->lanes[i]->run(std::move(job), impl_->jobs.get_token(), limit);
  }
  return base::fail(base::ErrorKind::not_found, "the service writes no such target", target,
                    "It is not configured, or switched off");
}

void Delivery::cancel_jobs() {
  impl_->jobs.request_stop();
}

void Delivery::publish_books(const std::vector<warehouse::OwedRow>& rows) {
  if (Lane* primary = impl_->primary_lane()) primary->publish(rows);
}

void Delivery::publish_word(const warehouse::OwedRow& word) {
  if (Lane* primary = impl_->primary_lane()) primary->speak(word);
}

void Delivery::before_lanes_end(std::function<bool(std::chrono::milliseconds)> last) {
  impl_->before_lanes_end = std::move(last);
}

Lane* Delivery::Impl::primary_lane() const {
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    if (targets[lane_targets[i]].is_primary) return lanes[i].get();
  }
  return nullptr;
}

DeliveryStatus Delivery::Impl::status() const {
  DeliveryStatus status = board->read();
  status.receive_error = room->error();
  std::vector<TargetStatus> lanes_status = std::exchange(status.targets, {});
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const TargetParts& target = targets[i];
    auto found = std::ranges::find(lanes_status, target.name, &TargetStatus::name);
    TargetStatus& out = status.targets.emplace_back(found == lanes_status.end() ? TargetStatus{} : std::move(*found));
    out.name = target.name;
    out.is_primary = target.is_primary;
    out.product = products[i];
    if (!target.enabled) out.state = TargetState::disabled;
    if (target.backlog == nullptr) continue;
    backlog::BacklogStatus owed = target.backlog->status();
    out.owed = owed.owed;
    out.oldest_owed_age = owed.oldest_age;
    out.backlog_storage = std::move(owed.storage);
  }
  return status;
}

Delivery::Delivery(Options options, queue::EventQueue& queue, quarantine::Quarantine& quarantine,
                   std::vector<TargetParts> targets, const base::Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), queue, quarantine, std::move(targets), clock)) {
  const auto& parts = impl_->targets;
  TWINSHIFT_ASSERT(parts.size() <= kTargetsMax);
  TWINSHIFT_ASSERT(std::ranges::count_if(parts, [](const TargetParts& t) { return t.is_primary; }) == 1);
  for (const TargetParts& target : parts) {
    TWINSHIFT_ASSERT(target.enabled ? target.warehouse != nullptr : !target.is_primary);
    impl_->products.push_back(target.warehouse != nullptr ? target.warehouse->product() : std::string());
  }
}

Delivery::~Delivery() {
  stop(impl_->clock.steady() + kStopWithoutDeadline);
}

void Delivery::start() {
  impl_->start();
}

StopReport Delivery::stop(base::SteadyTime deadline) {
  return impl_->stop(deadline);
}

DeliveryStatus Delivery::status() const {
  return impl_->status();
}

}  // namespace twinshift::delivery
