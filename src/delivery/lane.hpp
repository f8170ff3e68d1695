// The thread that serves one target: owns its warehouse and carries out one call after the other. The conductor never
// waits for it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "backlog/backlog.hpp"
#include "base/mailbox.hpp"
#include "delivery/inputs.hpp"
#include "delivery/lane_job.hpp"
#include "delivery/worker.hpp"
#include "event/event.hpp"
#include "warehouse/owed.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::delivery {

using LaneCall = std::variant<WriteBatch, FindMarker, Probe, FetchBacklog>;

// A queue's lease as the machine takes it; no event where the message holds none.
Arrival decode_lease(queue::Lease lease, event::IdentityMode identity);

class Lane {
 public:
  struct Parts {
    LaneIndex index = 0;
    std::string name;
    std::unique_ptr<warehouse::Warehouse> warehouse;
    backlog::Backlog* backlog = nullptr;
    event::IdentityMode identity = event::IdentityMode::content;
    bool is_primary = false;  // writes the books of this instance; any other yields the processors to it
    std::optional<warehouse::OwedRow> announcement{};  // Publisher::announce(): in each target, before its first write
  };
  // Answers go to `answers`, one for each call.
  Lane(Parts parts, InputBoxPtr answers);

  // One call at a time, so the box is never full.
  void give(LaneCall call);
  // Has the thread do `job` after the call that is under way, before the next one; waits for its end. One at a time:
  // `conflict` while another has not ended. Errors: the job's own, those of Warehouse::prepare(), `cancelled` where the
  // lane ends or `stop` is requested, and what JobSlip::wait() says. Any thread.
  base::Status run(LaneJob job, std::stop_token stop, std::chrono::milliseconds limit);
  [[nodiscard]] const std::string& product() const { return product_; }
  // Load markers written before this may be removed, when there is time. Any thread.
  void prune_before(base::WallTime before);
  // What the books know of one target (Publisher::give()); only of the primary's lane. Any thread.
  void publish(const std::vector<warehouse::OwedRow>& rows);
  // Likewise Publisher::speak() and settle().
  void speak(const warehouse::OwedRow& word);
  void settle();
  // False: the target does not let us note duplicates (warehouse::Warehouse::counts_duplicates()). Any thread.
  [[nodiscard]] bool counts_duplicates() const;

  // The thread ends once its call has come back. Idempotent.
  void close();
  // After close(). False where the call does not come back within `limit`: the thread is left behind.
  bool wait_for_end(std::chrono::nanoseconds limit);

 private:
  struct Core;  // shared with the thread
  std::string product_;
  std::shared_ptr<Core> core_;
  Worker worker_;
};

}  // namespace twinshift::delivery
