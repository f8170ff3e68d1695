// Work that a command has a lane do with its warehouse, between two batches: what writes a target is its lane's thread
// alone (docs/architecture.md, "Threads").
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::delivery {

// Called on the lane's thread with a warehouse that is prepared. Live batches wait for it, so it is one bounded write.
// It may run on when nobody waits for it any more: what it uses it owns or shares.
using LaneJob = std::function<base::Status(warehouse::Warehouse&)>;

// How long whoever gave a job waits for its end. Below control::kAnswerMax, so that a command is still told.
inline constexpr std::chrono::milliseconds kJobMax{240'000};

// One job on its way: given by one thread, carried out by the lane's.
class JobSlip {
 public:
  explicit JobSlip(LaneJob job) : job_(std::move(job)) {}

  // Whoever gave it: how it went. Where it has not begun within `limit`, or at a stop, it never does: `unavailable`,
  // `cancelled`. Where it has begun and does not end: `unknown_outcome`.
  base::Status wait(const std::string& target, std::stop_token stop, std::chrono::milliseconds limit);

  // The lane's thread. False: nobody waits for it any more, so it must not be done.
  bool begin();
  base::Status run(warehouse::Warehouse& warehouse) const { return job_(warehouse); }
  void end(base::Status result);

 private:
  enum class State : std::uint8_t { waiting, running, ended, withdrawn };
  const LaneJob job_;
  std::mutex mutex_;
  std::condition_variable_any ended_;
  State state_ = State::waiting;  // mutex_
  base::Status result_;           // mutex_
};

}  // namespace twinshift::delivery
