// Markers of Warehouse::mark_rebuilt() in an SQLite file. One thread at a time, that of the connection.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "sqlite/database.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

// What all of them share.
struct MarkedBy {
  std::string table;
  std::string instance;
  base::WallTime written_at{};
};

// In a transaction of its own. Markers that were added: those whose id stands there are not. Errors of the database.
base::Result<std::uint64_t> insert_rebuilt_hours(sqlite::Database& database, const MarkedBy& by,
                                                 std::span<const RebuiltHour> hours);

}  // namespace twinshift::warehouse
