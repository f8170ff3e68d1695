// Checks of options, shared by warehouse and schema. Any thread; no I/O.
#pragma once

#include <memory>

#include "warehouse/drivers/redshift_data/data_session.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {

// `invalid` where they cannot be right; the table's name otherwise.
base::Result<TableName> check_options(const RedshiftDataOptions& options);

// `options` must outlive the session.
std::unique_ptr<DataSession> open_data_session(const RedshiftDataOptions& options);

}  // namespace twinshift::warehouse
