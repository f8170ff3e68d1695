// `twinshift schema` for a table in an SQLite file. One thread at a time; each call opens the file for itself.
#pragma once

#include <memory>

#include "warehouse/drivers/sqlite/sqlite_warehouse.hpp"
#include "warehouse/schema_access.hpp"

namespace twinshift::warehouse {

// Touches no file. `invalid` where the table's name cannot be one.
base::Result<std::unique_ptr<SchemaAccess>> open_sqlite_schema(SqliteWarehouseOptions options);

}  // namespace twinshift::warehouse
