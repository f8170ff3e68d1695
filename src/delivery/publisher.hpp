// What the primary's lane does between calls: writes what the books of this instance say into `twinshift_owed`, so that
// every instance sees all, and no second connection ever writes a target's tables. Only hours that have changed are
// written, at most every Warehouse::publish_interval(), kOwedRowsMax rows at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "warehouse/owed.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::delivery {

class Publisher {
 public:
  // All that the books know of one target, at one moment: rows of one instance and one target. Any thread. What was not
  // written of an earlier set is replaced. Of the first set, hours that ended more than warehouse::kLoadsKept ago and
  // of which nothing is owed or quarantined are taken for published.
  void give(const std::vector<warehouse::OwedRow>& rows);

  // The lane's thread, between two calls, with a warehouse that has answered. A call that comes meanwhile waits for it.
  void step(warehouse::Warehouse& warehouse, std::chrono::steady_clock::time_point now);
  // Likewise, whatever the interval says: the lane ends.
  void finish(warehouse::Warehouse& warehouse);
  // How long the thread may wait for a call before the next step.
  [[nodiscard]] std::chrono::milliseconds wait(std::chrono::steady_clock::time_point now) const;

 private:
  using Key = std::pair<std::string, base::WallTime>;  // target, hour
  using Rows = std::map<Key, warehouse::OwedRow>;

  void note(warehouse::OwedRow row);
  std::vector<warehouse::OwedRow> take();
  void put_back(std::vector<warehouse::OwedRow> rows);
  base::Status publish(warehouse::Warehouse& warehouse);
  [[nodiscard]] bool has_more() const;

  mutable std::mutex mutex_;
  Rows known_;                                    // mutex_: the latest of each hour that was ever given
  Rows waiting_;                                  // mutex_: of these, what is not written yet
  std::chrono::steady_clock::time_point next_{};  // the lane's thread
  base::log::Throttle throttle_;                  // likewise
};

}  // namespace twinshift::delivery
