// A row of `twinshift_owed` in the primary's warehouse (docs/formats/owed.md): what an instance's books say of a target
// and an hour of arrival, so that any instance sees all. Insert-only: of an instance, target and hour the row with the
// greatest `as_of` counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace twinshift::warehouse {

inline constexpr std::string_view kOwedTable = "twinshift_owed";

// Rows of one Warehouse::publish(): such a statement stays within the Data API's 100 KB.
inline constexpr std::size_t kOwedRowsMax = 200;

// What one instance's books say of one target and hour. What landed is no part of it: that the target's markers say.
struct OwedRow {
  std::string instance;
  std::string target;
  base::WallTime arrival_at{};  // the hour
  std::uint64_t received = 0;
  std::uint64_t owed = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t waived = 0;
  base::WallTime as_of{};  // by the instance's clock

  bool operator==(const OwedRow&) const = default;
};

}  // namespace twinshift::warehouse
