// What the primary's lane does between calls: writes what the books of this instance say into `twinshift_owed`, so that
// every instance sees all, and no second connection ever writes a target's tables. Only hours that have changed are
// written, at most every Warehouse::publish_interval(), kOwedRowsMax rows at a time; and behind them the instance's
// word (warehouse/owed_word.hpp), a row an interval, so that others can tell one that owes nothing from one that is
// silent.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
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

  // `word`: word_row(), `running` or `settled`, of a moment whose debts have all been given. It is written once they
  // are. Any thread.
  void speak(warehouse::OwedRow word);
  // `started`: written by begin(), before anything else. Before the lane's thread starts.
  void announce(warehouse::OwedRow word);
  // All that is owed was given and nothing more will be owed: finish() says so. Any thread.
  void settle();

  // The lane's thread, before its first write: from then on there may be debts that are in no row. Does nothing but
  // once; where it fails, step() repeats it.
  void begin(warehouse::Warehouse& warehouse, std::chrono::steady_clock::time_point now);
  // Is there something to write, and is it time? Then a lane that is idle gets its warehouse ready; postpone() where it
  // cannot.
  [[nodiscard]] bool due(std::chrono::steady_clock::time_point now) const { return now >= next_ && has_more(); }
  void postpone(const warehouse::Warehouse& warehouse, std::chrono::steady_clock::time_point now) {
    next_ = now + warehouse.publish_interval();
  }
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
  base::Status publish(warehouse::Warehouse& warehouse, std::vector<warehouse::OwedRow> rows);
  void failed(const base::Error& error, bool start_alone, std::chrono::steady_clock::time_point now);
  void say_settled();
  [[nodiscard]] bool has_more() const;

  mutable std::mutex mutex_;
  Rows known_;                                    // mutex_: the latest of each hour that was ever given
  Rows waiting_;                                  // mutex_: of these, what is not written yet
  std::optional<warehouse::OwedRow> started_;     // mutex_: not written yet
  std::optional<warehouse::OwedRow> word_;        // mutex_: likewise; behind all of waiting_
  std::optional<warehouse::OwedRow> last_word_;   // mutex_: the latest that was spoken
  bool settled_ = false;                          // mutex_
  std::chrono::steady_clock::time_point next_{};  // the lane's thread
  base::log::Throttle throttle_;                  // likewise
};

}  // namespace twinshift::delivery
