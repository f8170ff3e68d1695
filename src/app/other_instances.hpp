// What the other instances on a shared queue have published of their books (docs/formats/owed.md).
//
// Any thread; one reads while others wait. Shared with threads that may be left behind in a call that hangs, so it owns
// what it uses.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "books/ledger.hpp"
#include "config/settings.hpp"
#include "warehouse/owed.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {

using HoursOfBooks = std::map<books::Hour, books::Counts>;

// Of `target`: rows that are sums over the other instances, hour by hour.
HoursOfBooks hours_of(const std::vector<warehouse::OwedRow>& sums, const std::string& target);

class OtherInstances {
 public:
  OtherInstances(const config::Settings& settings, std::string own);

  // What all instances but ours say of the hours from `from` on (our own live counts win over what we have published),
  // as of at most kept_for() ago. Nothing where the primary has no table of the kind that our user may read, with one
  // warning. Errors are those of Warehouse::query(), and `full` where there are more hours than can be: whoever cannot
  // see the others must not judge.
  base::Result<HoursOfBooks> read(const std::string& target, books::Hour from);

  // How long an answer is good: half of what the instances wait between two publications.
  [[nodiscard]] std::chrono::milliseconds kept_for() const { return kept_for_; }
  // How far what is read may lag behind what an instance that runs would say: its publication, twice, where one fails;
  // the intervals of its books and of ours; our own keeping.
  [[nodiscard]] std::chrono::milliseconds lag() const;

 private:
  base::Status refresh(books::Hour from);
  base::Status explain(const base::Error& error);

  const config::Settings settings_;
  const std::string own_;
  const std::chrono::milliseconds kept_for_;
  std::mutex mutex_;
  // All below: mutex_.
  std::unique_ptr<warehouse::Warehouse> primary_;  // a connection of its own; none after a failure
  std::vector<warehouse::OwedRow> sums_;           // of each target and hour
  std::chrono::steady_clock::time_point good_until_{};
  base::log::Throttle throttle_;
};

}  // namespace twinshift::app
