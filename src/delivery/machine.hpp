// The decisions of delivery: what is written, retried, parked, acknowledged, released. Holds no socket, thread or
// clock: each function is one thing that happened, at step.now, and adds to step.actions what is to be done about it.
// The conductor and the simulator (tests/simulation) drive this same code. One thread.
//
// The rules (design.md, "What must always hold"):
//   acknowledge only what every lane has settled: committed, or durable in that lane's backlog (2, 3);
//   a secondary's event is parked park_after after the primary's commit; at once beyond the lane's budget, while its
//   breaker is open and while its call does not come back (3, 5);
//   a batch refused for its data is halved; its neighbours commit in the same cycle, the bad rows go into the
//   quarantine, unless it may be the table (6);
//   an unknown outcome is settled by the batch's marker and by nothing else.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "delivery/actions.hpp"
#include "delivery/delivery.hpp"
#include "delivery/lane_state.hpp"
#include "delivery/settlement.hpp"

namespace twinshift::delivery {

struct MachineSetup {
  FlowLimits flow{};
  std::vector<LaneSetup> lanes{};  // exactly one is primary
  std::uint64_t seed = 0;
  std::function<std::string()> mint_batch_id{};
};

// Of a stop's time, at most this much, and half of it, for the primary to have what is in hand: stop()'s
// `finish_until`.
inline constexpr std::chrono::milliseconds kFinishMax{2'000};

class Machine {
 public:
  explicit Machine(MachineSetup setup);

  // Messages from the queue.
  void received(std::vector<Arrival> arrivals, Step& step);
  // What the database calls the batch that a lane is about to answer for; empty where it has no name for it.
  void named(LaneIndex lane, std::string statement_id);
  // Answers of a lane, one to each WriteBatch, FindMarker, Probe and FetchBacklog.
  void written(LaneIndex lane, base::Result<warehouse::WriteReport> result, std::chrono::nanoseconds took, Step& step);
  void marker_answered(LaneIndex lane, base::Result<std::optional<warehouse::Marker>> result, Step& step);
  void probed(LaneIndex lane, base::Status status, Step& step);
  void fetched(LaneIndex lane, base::Result<std::vector<Arrival>> result, Step& step);
  // The answer to a Park.
  void parked(LaneIndex lane, std::uint64_t group, base::Status status, Step& step);
  // The answer to a PutInQuarantine.
  void quarantined(LaneIndex lane, std::uint64_t group, base::Status status, Step& step);
  void tick(Step& step);

  // Receives nothing more. A primary that is well gets what is in hand, until `finish_until`: what a secondary has and
  // the primary has not would come again, and count twice where that secondary is switched off by then. Then starts
  // nothing new; settles, parks or releases what is left. Done when finished().
  void stop(Step& step, base::SteadyTime finish_until = base::SteadyTime::min());
  // The time is up: releases whatever is left.
  void give_up(Step& step);
  [[nodiscard]] bool finished() const { return stopping_ && settlement_.in_hand() == 0; }

  // When tick() is needed next.
  [[nodiscard]] base::SteadyTime wake_at(base::SteadyTime now) const;

  // How many more messages may be received now.
  [[nodiscard]] std::size_t room_rows() const;
  [[nodiscard]] std::size_t room_bytes() const;

  [[nodiscard]] TargetState state(LaneIndex lane) const;
  [[nodiscard]] const LaneState& lane(LaneIndex lane) const { return lanes_[lane]; }
  [[nodiscard]] std::uint64_t queued_rows(LaneIndex lane) const { return settlement_.queued_rows(lane); }
  [[nodiscard]] std::uint64_t in_hand() const { return settlement_.in_hand(); }
  [[nodiscard]] std::uint64_t acknowledged() const { return settlement_.acknowledged(); }
  [[nodiscard]] std::uint64_t released() const { return released_; }

 private:
  // machine_lane.cpp: what a lane does next, and what its answers mean.
  void advance(LaneIndex index, Step& step);
  bool start_backlog(LaneIndex index, Step& step);
  bool start_live(LaneIndex index, Step& step);
  void send(LaneIndex index, Step& step);
  void take_next_flight(LaneIndex index, Step& step);
  Flight make_flight(std::vector<MessageRef> refs, Source source);
  Flight split_off(Flight& flight);
  void send_less(LaneIndex index);
  bool wanted(LaneIndex index, const Flight& flight);
  void commit(LaneIndex index, const warehouse::WriteReport& report, std::chrono::nanoseconds took, Step& step);
  struct Outcomes {
    std::vector<MessageRef> committed;
    std::vector<MessageRef> deferred;
    std::vector<Bisection::Suspect> refused;
    std::uint64_t duplicates = 0;
  };
  static Outcomes sort_outcomes(const Flight& flight, const warehouse::WriteReport& report);
  void land(LaneIndex index, const std::vector<MessageRef>& refs, std::uint64_t duplicates, Step& step);
  void commit_all(LaneIndex index, const warehouse::Marker& marker, Step& step);
  void fail_batch(LaneIndex index, const base::Error& error, Step& step);
  void fail_try(LaneIndex index, Step& step);
  void succeed(LaneIndex index, Step& step);

  // machine_reject.cpp: refused rows.
  void bisect(LaneIndex index, const base::Error& error, Step& step);
  void end_part(LaneIndex index, Step& step);
  void end_bisection(LaneIndex index, bool refused_by_table, Step& step);
  void refuse_rows(LaneIndex index, std::size_t rows, std::uint64_t inserted_before,
                   std::vector<Bisection::Suspect> suspects, Step& step);
  void blame_table(LaneIndex index, const std::vector<Bisection::Suspect>& suspects, Step& step);
  void put_in_quarantine(LaneIndex index, const std::vector<Bisection::Suspect>& suspects, Step& step);
  void doubt(LaneIndex index, const Bisection::Suspect& suspect, Step& step);
  void put_back(LaneIndex index, MessageRef ref, Step& step);
  std::size_t count_fresh(LaneIndex index, const std::vector<Bisection::Suspect>& suspects);
  bool all_of_several(std::size_t rows, const std::vector<Bisection::Suspect>& suspects);

  // machine_park.cpp: what leaves a lane without having been written.
  void primary_has(const std::vector<MessageRef>& refs, Step& step);
  void end_greeting(LaneIndex index, Step& step);
  void park_part(LaneIndex index, MessageRef ref);
  void shed(LaneIndex index);
  std::vector<MessageRef> take_waiting(LaneState& lane);
  void run_parking(LaneIndex index, Step& step);
  void retry_later(LaneIndex index, MessageRef ref, Step& step);
  void release(MessageRef ref, std::chrono::milliseconds delay, Step& step);
  void send_groups(LaneIndex index, Step& step);
  void extend_leases(Step& step);
  void wind_down(Step& step);
  void wind_down_part(LaneIndex index, MessageRef ref, Step& step);

  [[nodiscard]] bool finishes_well(base::SteadyTime now) const;
  [[nodiscard]] bool park_at_once(const LaneState& lane) const;
  [[nodiscard]] bool waits_for_a_breaker() const;
  [[nodiscard]] bool over_budget(LaneIndex index) const;
  [[nodiscard]] bool can_park(LaneIndex index) const;
  std::chrono::milliseconds release_delay(std::uint32_t attempt);
  LaneState& finish_call(LaneIndex index, const Step& step);
  void begin_call(LaneIndex index, Doing doing, const Step& step);
  void after(Step& step);

  const FlowLimits flow_;
  const std::function<std::string()> mint_batch_id_;
  base::Random random_;
  std::vector<LaneState> lanes_;
  LaneIndex primary_ = 0;
  Settlement settlement_;
  base::SteadyTime leases_checked_{};
  std::uint64_t released_ = 0;
  std::optional<base::SteadyTime> finish_until_;  // the primary is getting what is in hand
  bool stopping_ = false;
};

}  // namespace twinshift::delivery
