// What the machine knows of one lane. Plain data; machine.cpp and machine_lane.cpp hold the rules.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "delivery/actions.hpp"
#include "delivery/batcher.hpp"
#include "delivery/decide.hpp"
#include "delivery/lane_policy.hpp"
#include "delivery/parker.hpp"
#include "delivery/refusals.hpp"
#include "delivery/settlement.hpp"

namespace twinshift::delivery {

struct LaneSetup {
  std::string name{};
  bool is_primary = false;
  bool has_backlog = false;
  TargetLimits limits{};
};

// A batch and the messages that it carries.
struct Flight {
  BatchPtr batch{};
  std::vector<MessageRef> refs{};  // by the batch's order
  Source source = kQueue;
  bool unknown = false;        // its marker must be asked for before anything else
  int lost = 0;                // times that its marker was asked for and not there
  bool tried = false;          // it was, or a larger batch that its messages are taken from
  std::string statement_id{};  // the database's own name for its last try; empty where it has none

  // For log lines.
  [[nodiscard]] const std::string& name() const { return statement_id.empty() ? batch->id : statement_id; }
};

// A batch that was refused for its data, being halved.
struct Bisection {
  struct Suspect {
    MessageRef ref{};
    warehouse::Refusal why{};
  };
  std::size_t rows = 0;
  std::uint64_t inserted_before = 0;  // rows that the lane had inserted until then
  Source source = kQueue;
  std::deque<Flight> parts{};  // not yet tried, in order
  std::vector<Suspect> suspects{};
};

// The one call that a lane's thread is carrying out.
enum class Doing : std::uint8_t { nothing, writing, asking, probing, fetching };

struct LaneCounts {
  std::uint64_t landed = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t rejected = 0;     // refusals
  std::uint64_t quarantined = 0;  // events
  std::uint64_t displaced = 0;    // values that did not fit into their columns and stand whole in `extra`
  std::uint64_t parked = 0;
  std::uint64_t batches = 0;
};

// Assumed until a fetch has shown the true size, so that the first fetch cannot fill the memory.
inline constexpr std::size_t kBacklogRowBytesFirst = 256U << 10U;

struct LaneState {
  LaneState(LaneSetup setup_in, std::uint64_t seed)
      : setup(std::move(setup_in)),
        batcher(setup.limits),
        policy(setup.limits, seed),
        guard(setup.limits.rejected_rows_max),
        parker(setup.limits, seed + 1) {}

  // The first call since the start is under way: the target has neither answered nor failed.
  [[nodiscard]] bool greeting() const {
    return !greeted && !stalled && doing == Doing::probing && policy.failures() == 0;
  }
  // How long the present call may be away.
  [[nodiscard]] std::chrono::milliseconds patience() const {
    const TargetLimits& limits = setup.limits;
    return greeting() && setup.has_backlog ? std::max(limits.park_after, limits.greeting_max) : limits.park_after;
  }

  LaneSetup setup;
  Batcher batcher;
  LanePolicy policy;
  RejectGuard guard;
  Parker parker;
  Refusals refusals;

  Doing doing = Doing::nothing;
  bool greeted = false;      // the target has answered a probe since the start
  base::SteadyTime since{};  // when it began that, or when it became idle
  bool stalled = false;      // the call has been away for longer than patience()
  std::optional<Flight> current;
  std::deque<Flight> rest;  // of a batch that took too long and was halved: before anything new
  std::optional<Bisection> bisection;

  std::size_t backlog_row_bytes = kBacklogRowBytesFirst;  // of the last fetch, in the mean
  base::SteadyTime backlog_at{};                          // when to look into the backlog next
  int live_batches = 0;                                   // since the backlog's last batch

  LaneCounts counts;
  std::string last_error;
};

}  // namespace twinshift::delivery
