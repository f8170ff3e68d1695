// One reading statement through the Data API. One thread at a time, that of the session.
#pragma once

#include <string>

#include "base/error.hpp"
#include "warehouse/drivers/redshift_data/data_session.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

// At most `rows_max` rows are fetched. `invalid` where `sql` is not one reading statement, or the server says so.
base::Result<Table> read_query(DataSession& session, const std::string& sql, std::size_t rows_max);

}  // namespace twinshift::warehouse
