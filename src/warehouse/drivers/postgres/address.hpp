// Which table of which server the options mean; shared by warehouse and schema. Any thread; no connection yet.
#pragma once

#include "base/error.hpp"
#include "pg/parameters.hpp"
#include "warehouse/drivers/postgres/postgres_warehouse.hpp"
#include "warehouse/drivers/postgres/session.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {

struct Address {
  pg::Parameters parameters;
  TableName table;
  Dialect dialect = Dialect::postgres;  // as the URL's scheme says
};

// `invalid` where URL or table cannot be right; as pg::parse_url for the password's file.
base::Result<Address> read_address(const PostgresWarehouseOptions& options);

SessionLimits limits_of(const PostgresWarehouseOptions& options);

}  // namespace twinshift::warehouse
