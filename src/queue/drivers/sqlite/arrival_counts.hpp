// Counts by hour of arrival, kept in the queue's own transactions: table `arrivals` (docs/formats/queue-sqlite.md).
// What a transaction adds is gathered in memory and written as one row an hour at its end.
//
// One thread at a time (the writer's).
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "queue/event_queue.hpp"
#include "sqlite/database.hpp"

namespace twinshift::queue {

// Hours of which nothing waits any more are forgotten after this: the books have closed them long before.
inline constexpr std::chrono::days kArrivalsKept{90};

class ArrivalCounts {
 public:
  // Forgets what is older than kArrivalsKept before the newest hour.
  static base::Result<ArrivalCounts> open(sqlite::Database& database);

  void received(base::WallTime received_at, bool again);
  void settled(base::WallTime received_at, bool waived);

  // Writes what was gathered; call it inside the transaction. forget(): the transaction came to nothing.
  base::Status save();
  void forget() { gathered_.clear(); }

 private:
  struct Hour {
    std::int64_t hour = 0;  // hours since 1970
    std::int64_t received = 0, again = 0, settled = 0, waived = 0;
  };
  explicit ArrivalCounts(sqlite::Statement add) : add_(std::move(add)) {}
  Hour& at(base::WallTime received_at);

  sqlite::Statement add_;
  std::vector<Hour> gathered_;  // few: neighbours mostly share their hour
};

// The table as a whole. Any connection.
base::Result<std::vector<HourOfArrival>> read_arrivals(sqlite::Statement& statement);
inline constexpr std::string_view kReadArrivals =
    "SELECT hour, received, received + again - settled, waived FROM arrivals ORDER BY hour";

}  // namespace twinshift::queue
