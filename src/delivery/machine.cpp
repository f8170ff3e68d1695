#include "delivery/machine.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace twinshift::delivery {
namespace {

constexpr std::chrono::seconds kLeaseCheckEvery{1};
constexpr std::chrono::hours kNoWake{1};

// Lanes that hold the receiver back: the primary, and who can owe nothing.
std::vector<bool> holders_of(const std::vector<LaneSetup>& lanes) {
  std::vector<bool> holders;
  for (const LaneSetup& lane : lanes) holders.push_back(lane.is_primary || !lane.has_backlog);
  return holders;
}

}  // namespace

Machine::Machine(MachineSetup setup)
    : flow_(setup.flow),
      mint_batch_id_(std::move(setup.mint_batch_id)),
      random_(setup.seed),
      settlement_(holders_of(setup.lanes)) {
  TWINSHIFT_ASSERT(!setup.lanes.empty() && setup.lanes.size() <= kTargetsMax);
  TWINSHIFT_ASSERT(std::ranges::count_if(setup.lanes, &LaneSetup::is_primary) == 1);
  lanes_.reserve(setup.lanes.size());
  for (LaneSetup& lane : setup.lanes) {
    if (lane.is_primary) primary_ = static_cast<LaneIndex>(lanes_.size());
    lanes_.emplace_back(std::move(lane), random_.next());
  }
}

void Machine::received(std::vector<Arrival> arrivals, Step& step) {
  std::uint64_t undecodable = 0;
  for (Arrival& arrival : arrivals) {
    if (arrival.event == nullptr) ++undecodable;
    if (arrival.event == nullptr || stopping_) {
      const auto delay = stopping_ ? std::chrono::milliseconds(0) : release_delay(arrival.attempt);
      step.actions.emplace_back(Release{.source = kQueue, .receipts = {std::move(arrival.receipt)}, .delay = delay});
      ++released_;
      continue;
    }
    const MessageRef ref = settlement_.add(std::move(arrival), kQueue, step.now);
    Entry& entry = *settlement_.find(ref);
    for (LaneIndex index = 0; index < lanes_.size(); ++index) {
      if (can_park(index) && (park_at_once(lanes_[index]) || over_budget(index))) {
        settlement_.move(entry, index, Part::to_park);
      } else {
        lanes_[index].batcher.add(ref, entry.bytes, step.now);
      }
    }
  }
  if (undecodable > 0) step.actions.emplace_back(Note{.kind = NoteKind::undecodable, .rows = undecodable});
  after(step);
}

void Machine::tick(Step& step) {
  for (LaneIndex index = 0; index < lanes_.size(); ++index) {
    LaneState& lane = lanes_[index];
    if (lane.doing == Doing::nothing || step.now - lane.since <= lane.patience()) continue;
    lane.stalled = true;
    if (can_park(index)) shed(index);
  }
  extend_leases(step);
  after(step);
}

void Machine::stop(Step& step, base::SteadyTime finish_until) {
  finish_until_ = finish_until;
  after(step);
}

bool Machine::finishes_well(base::SteadyTime now) const {
  return now < *finish_until_ && state(primary_) == TargetState::ok && settlement_.queued_rows(primary_) > 0;
}

void Machine::give_up(Step& step) {
  stopping_ = true;
  settlement_.for_each([&](MessageRef ref, Entry&) { release(ref, std::chrono::milliseconds(0), step); });
  settlement_.flush(step.actions);
}

// Every input ends here: what has become due or possible.
void Machine::after(Step& step) {
  if (finish_until_ && !finishes_well(step.now)) stopping_ = true;
  if (stopping_) wind_down(step);
  for (LaneIndex index = 0; index < lanes_.size(); ++index) {
    run_parking(index, step);
    advance(index, step);
  }
  settlement_.flush(step.actions);
}

base::SteadyTime Machine::wake_at(base::SteadyTime now) const {
  base::SteadyTime at = now + kNoWake;
  const auto sooner = [&](base::SteadyTime time) { at = std::min(at, std::max(time, now)); };
  if (settlement_.in_hand() > 0) sooner(leases_checked_ + kLeaseCheckEvery);
  if (finish_until_ && !stopping_) sooner(*finish_until_);
  for (const LaneState& lane : lanes_) {
    if (const auto parking = lane.parker.wake_at()) sooner(*parking);
    if (lane.doing != Doing::nothing) {
      if (!lane.stalled) sooner(lane.since + lane.patience() + std::chrono::milliseconds(1));
      continue;
    }
    if (stopping_) continue;
    const base::SteadyTime allowed = lane.policy.wait_until();
    if (lane.current || lane.bisection || !lane.rest.empty() || !lane.greeted || lane.policy.breaker() == Breaker::open)
      sooner(allowed);
    if (lane.setup.has_backlog) sooner(std::max(allowed, lane.backlog_at));
    if (const auto start = lane.batcher.start_at(lane.since)) sooner(std::max(allowed, *start));
  }
  return at;
}

// A target that nothing is acknowledged without is left alone: receiving for it would only use up the messages' tries
// (SQS moves what was received maxReceiveCount times to the DLQ).
bool Machine::waits_for_a_breaker() const {
  return std::ranges::any_of(lanes_, [](const LaneState& lane) {
    const bool holds = lane.setup.is_primary || !lane.setup.has_backlog;
    return holds && lane.policy.breaker() == Breaker::open;
  });
}

std::size_t Machine::room_rows() const {
  if (stopping_ || finish_until_ || waits_for_a_breaker() || settlement_.held_rows() >= flow_.hold_rows_max) return 0;
  return flow_.hold_rows_max - settlement_.held_rows();
}

std::size_t Machine::room_bytes() const {
  return stopping_ || finish_until_ || settlement_.held_bytes() >= flow_.hold_bytes_max
             ? 0
             : flow_.hold_bytes_max - settlement_.held_bytes();
}

TargetState Machine::state(LaneIndex index) const {
  const LaneState& lane = lanes_[index];
  if (lane.stalled) return TargetState::stalled;
  if (lane.policy.breaker() == Breaker::open) return TargetState::open;
  if (lane.policy.failures() > 0 || lane.policy.breaker() == Breaker::half_open) return TargetState::retrying;
  return lane.greeted ? TargetState::ok : TargetState::starting;
}

bool Machine::park_at_once(const LaneState& lane) const {
  return lane.stalled || lane.policy.breaker() == Breaker::open;
}

bool Machine::over_budget(LaneIndex index) const {
  const TargetLimits& limits = lanes_[index].setup.limits;
  return settlement_.queued_rows(index) > limits.budget_rows_max ||
         settlement_.queued_bytes(index) > limits.budget_bytes_max;
}

bool Machine::can_park(LaneIndex index) const {
  return !lanes_[index].setup.is_primary && lanes_[index].setup.has_backlog;
}

std::chrono::milliseconds Machine::release_delay(std::uint32_t attempt) {
  const auto doublings = std::min<std::uint32_t>(attempt > 0 ? attempt - 1 : 0, 20);
  const auto step = std::min(flow_.release.most, flow_.release.first * (std::int64_t{1} << doublings));
  const auto half = step.count() / 2;
  return std::chrono::milliseconds(
      half + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(step.count() - half + 1))));
}

void Machine::extend_leases(Step& step) {
  if (step.now - leases_checked_ < kLeaseCheckEvery) return;
  leases_checked_ = step.now;
  std::vector<std::pair<Source, std::vector<queue::Receipt>>> groups;
  settlement_.for_each([&](MessageRef ref, Entry& entry) {
    if (step.now - entry.since >= flow_.hold_max) {
      return release(ref, std::max(flow_.release.first, release_delay(entry.arrival.attempt)), step);
    }
    if (entry.arrival.deadline - step.now >= flow_.lease / 2) return;
    entry.arrival.deadline = step.now + flow_.lease;
    auto group = std::ranges::find(groups, entry.source, [](const auto& pair) { return pair.first; });
    if (group == groups.end()) group = groups.insert(group, {entry.source, {}});
    group->second.push_back(entry.arrival.receipt);
  });
  for (auto& [source, receipts] : groups) {
    step.actions.emplace_back(Extend{.source = source, .receipts = std::move(receipts), .duration = flow_.lease});
  }
}

}  // namespace twinshift::delivery
