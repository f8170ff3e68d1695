// From the queue into every target: receives messages, lets one lane a target write them, acknowledges a message when
// the primary has committed it and every other target has committed it or owes it durably. docs/delivery.md has the
// picture.
//
// Threads: one receiver, one conductor, one a lane. start(), stop() and the destructor by one thread; status() by any.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backlog/backlog.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "delivery/lane_job.hpp"
#include "delivery/limits.hpp"
#include "delivery/tally.hpp"
#include "event/event.hpp"
#include "quarantine/quarantine.hpp"
#include "queue/event_queue.hpp"
#include "warehouse/owed.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::delivery {

class Witness;  // witness.hpp

// Targets that one delivery can serve.
inline constexpr std::size_t kTargetsMax = 8;

struct TargetParts {
  std::string name;  // "primary", "secondary": for log lines and metrics
  bool is_primary = false;
  // False (`SECONDARY_REDSHIFT_ENABLED=false`): no lane, nothing new is owed; an existing backlog is kept, not drained.
  bool enabled = true;
  std::unique_ptr<warehouse::Warehouse> warehouse;  // may be empty where not enabled
  // Outlives the Delivery. Empty for the primary; a secondary without one can owe nothing, so its events are
  // acknowledged only after it has committed them.
  backlog::Backlog* backlog = nullptr;
  TargetLimits limits{};
};

struct Options {
  FlowLimits limits{};
  event::IdentityMode identity = event::IdentityMode::content;
  std::uint64_t seed = 0;      // of the jitter
  Witness* witness = nullptr;  // may be none; outlives the Delivery
  // That this instance runs, as others are to read it: written before the primary's first write. May be none.
  std::optional<warehouse::OwedRow> announcement{};
};

enum class TargetState : std::uint8_t {
  starting,  // has neither committed nor failed yet
  ok,
  retrying,  // the last batch failed; trying again
  open,      // the breaker is open: left alone for a pause
  stalled,   // a call has not come back for longer than PARK_AFTER
  disabled,
};
std::string_view to_string(TargetState state);

struct TargetStatus {
  std::string name;
  bool is_primary = false;
  TargetState state = TargetState::starting;
  bool reached = false;    // has answered since the start, whatever has become of it
  std::string product;     // "SQLite"; empty where there is no lane
  std::string last_error;  // empty after a success
  std::uint64_t landed = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t rejected = 0;     // refusals: an event may be refused several times
  std::uint64_t quarantined = 0;  // events put into the quarantine since the start
  std::uint64_t displaced = 0;    // values that did not fit into their columns and stand whole in `extra`
  std::uint64_t parked = 0;
  std::uint64_t batches = 0;
  std::uint64_t in_hand = 0;  // rows waiting for or in this lane
  std::uint64_t owed = 0;     // in the backlog
  std::chrono::milliseconds oldest_owed_age{0};
  std::optional<backlog::StorageStatus> backlog_storage;  // where the backlog stands on a disk of ours
  std::optional<base::WallTime> last_commit;
  TallyCounts tally{};
  // False: the target's user may not note duplicates, so the books cannot count them.
  bool counts_duplicates = true;
};

struct DeliveryStatus {
  bool running = false;
  std::uint64_t received = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t released = 0;
  std::uint64_t undecodable = 0;  // messages that hold no event; they stay in the queue
  std::uint64_t in_hand = 0;
  std::string receive_error;  // empty while receiving works
  std::vector<TargetStatus> targets;
};

struct StopReport {
  bool clean = true;  // everything in hand was settled, parked or released in time
  std::uint64_t parked = 0;
  std::uint64_t released = 0;
  // Lanes whose call did not come back (a database that hangs): their threads are left behind, so the process must
  // leave by _exit().
  std::vector<std::string> stuck_lanes;
};

class Delivery {
 public:
  // `queue`, `quarantine` and `clock` outlive the Delivery. Exactly one target is primary and enabled, at most
  // kTargetsMax in all: anything else is our own mistake and asserted.
  Delivery(Options options, queue::EventQueue& queue, quarantine::Quarantine& quarantine,
           std::vector<TargetParts> targets, const base::Clock& clock);
  ~Delivery();  // stops within 5 s where stop() was not called
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  void start();

  // Receives nothing more; lets batches under way finish; parks what a secondary has not got, then acknowledges it;
  // releases what the primary has not got; ends the lanes. Returns at `deadline` (of the clock's steady time) at the
  // latest. Call it before the queue and the backlogs are closed. Idempotent.
  StopReport stop(base::SteadyTime deadline);

  [[nodiscard]] DeliveryStatus status() const;

  // The books have summed up what `target`'s markers written before this say: its lane removes them when there is time.
  // Any thread, between start() and stop().
  void prune_markers(const std::string& target, base::WallTime before);

  // Has the lane of `target` do `job` between two of its batches, and waits for its end: at most `limit`. not_found
  // where the target has no lane; other errors as Lane::run(). Any thread, between start() and stop().
  base::Status run_in_lane(const std::string& target, LaneJob job, std::chrono::milliseconds limit = kJobMax);
  // Nobody waits for a job any more, or begins one: before stop(), so that whoever waits has ended by then. Any thread.
  void cancel_jobs();

  // What this instance's books say of one target: rows of one instance and one target. The primary's lane writes what
  // has changed into `twinshift_owed`, now and then and at the end. Any thread, between start() and stop().
  void publish_books(const std::vector<warehouse::OwedRow>& rows);
  // What this instance says of itself, of a moment whose rows have been given (delivery::Publisher::speak()). Likewise.
  void publish_word(const warehouse::OwedRow& word);
  // Called by stop() with the time that is left for it, once all that is owed is owed and before the lanes end: the
  // last time for publish_books(). True: all of it has been told, so that the lane may say that nothing follows.
  // Before stop().
  void before_lanes_end(std::function<bool(std::chrono::milliseconds limit)> last);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace twinshift::delivery
