// The rows that a batch leaves in `twinshift_loads` and `twinshift_duplicates` (docs/formats/loads.md). No I/O: every
// driver writes what this gives, in the batch's own transaction.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "event/event.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

// The tables they stand in, beside the event table.
inline constexpr std::string_view kLoadsTable = "twinshift_loads";
inline constexpr std::string_view kDuplicatesTable = "twinshift_duplicates";

// How long their rows are kept, at least: then an hour has been summed into the books.
inline constexpr std::chrono::hours kLoadsKept{9 * 24};
// Rows of other instances are theirs to remove, for each alone knows what it has summed up. When they are older than
// this, their instance is gone for good, or judges no hour as old as that (the books judge 89 days): anybody removes
// them.
inline constexpr std::chrono::hours kLoadsAbandoned{100 * 24};
constexpr base::WallTime abandoned_before(base::WallTime pruned_before) {
  return pruned_before - (kLoadsAbandoned - kLoadsKept);
}
// What one step of Warehouse::prune() may remove: so many rows of each table, or where a database cannot count them
// beforehand (Redshift) what was written within so long from the oldest row on.
inline constexpr std::size_t kPruneRowsMax = 5'000;
inline constexpr std::chrono::hours kPruneSlice{24};

// A window of event_at, and an hour of arrival.
inline constexpr std::chrono::hours kWindow{1};

// The key's 62 bits in two halves, so that no dialect's SUM overflows: 2^31 values of 31 bits fit 62 bits.
inline constexpr std::int64_t kKeyHalf = 0x7FFFFFFF;
constexpr std::int64_t key_low(std::int64_t key) {
  return key & kKeyHalf;
}
constexpr std::int64_t key_high(std::int64_t key) {
  return (key >> 31) & kKeyHalf;
}

// One row, less what is the same for the whole batch (table, instance, batch id). sent = inserted + duplicate + what
// the warehouse refused or put off.
struct MarkerRow {
  base::WallTime window_at;   // the hour of event_at
  base::WallTime arrival_at;  // the hour of received_at
  std::int64_t sent = 0;
  std::int64_t inserted = 0;
  std::int64_t duplicate = 0;
  std::int64_t key_low_sum = 0;  // of the inserted ones
  std::int64_t key_high_sum = 0;
};

// Gathers one batch, event by event; clear() for the next. One thread at a time.
class MarkerSums {
 public:
  void add(const event::Event& event, Outcome outcome);
  // In order of window and arrival; never more than events were added.
  [[nodiscard]] std::vector<MarkerRow> rows() const;
  void clear();

 private:
  using Place = std::pair<base::WallTime, base::WallTime>;
  std::map<Place, MarkerRow> rows_;
  MarkerRow* last_ = nullptr;  // neighbours mostly share their hours
};

// The beginning of the hour that `time` is in, also before 1970.
base::WallTime hour_of(base::WallTime time);

}  // namespace twinshift::warehouse
