// One reading statement on a connection of its own, in a read-only transaction. Any thread.
#pragma once

#include <string>

#include "base/error.hpp"
#include "warehouse/drivers/postgres/session.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

// At most `rows_max` rows are fetched, through a cursor. `invalid` where `sql` is not one reading statement.
base::Result<Table> read_query(const pg::Parameters& parameters, const SessionLimits& limits, const LoginSource& login,
                               const std::string& sql, std::size_t rows_max);

}  // namespace twinshift::warehouse
