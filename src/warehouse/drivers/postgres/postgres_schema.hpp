// `twinshift schema` for a PostgreSQL or Redshift database. One thread at a time; each call connects for itself.
#pragma once

#include <memory>

#include "warehouse/drivers/postgres/postgres_warehouse.hpp"
#include "warehouse/schema_access.hpp"

namespace twinshift::warehouse {

// Does not connect. `invalid` where URL or table cannot be right.
base::Result<std::unique_ptr<SchemaAccess>> open_postgres_schema(PostgresWarehouseOptions options);

}  // namespace twinshift::warehouse
