// What a lane's thread does between calls: removes markers that the books have summed up, a bounded step at a time, so
// that no second connection ever writes a target's tables.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::delivery {

class Housekeeping {
 public:
  explicit Housekeeping(std::string target) : target_(std::move(target)) {}

  // What was written before this may go. Any thread.
  void prune_before(base::WallTime before) { before_.store(before.time_since_epoch().count()); }

  // The lane's thread, between two calls, with a warehouse that has answered. A call that comes meanwhile waits for one
  // step (warehouse::kPruneRowsMax).
  void step(warehouse::Warehouse& warehouse, std::chrono::steady_clock::time_point now);
  // How long the thread may wait for a call before the next step.
  [[nodiscard]] std::chrono::milliseconds wait(std::chrono::steady_clock::time_point now) const;

 private:
  const std::string target_;
  std::atomic<std::int64_t> before_{0};  // microseconds since 1970; 0: nothing to do
  std::int64_t done_ = 0;                // up to which nothing is left
  std::chrono::steady_clock::time_point next_{};
  base::log::Throttle throttle_;
};

}  // namespace twinshift::delivery
