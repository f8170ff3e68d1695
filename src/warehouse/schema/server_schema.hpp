// `twinshift schema` for a table on an SQL server: the same whichever way leads there. One thread at a time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "warehouse/schema/dialect.hpp"
#include "warehouse/schema/sql_access.hpp"
#include "warehouse/schema_access.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {

struct ServerTable {
  Dialect dialect = Dialect::postgres;
  TableName table;
  std::string target;                                // errors name it
  std::chrono::milliseconds attempt_timeout;         // for all of a call, for each step of describe()
  bool has_transactions = true;                      // false: nothing can be rolled back (the Data API)
  const base::Clock* clock = &base::system_clock();  // by which deadlines are given; must outlive the schema
};

// The way to the server, for one call.
using Connect = std::function<SqlOutcome<std::shared_ptr<SqlAccess>>()>;

std::unique_ptr<SchemaAccess> make_server_schema(ServerTable table, Connect connect);

}  // namespace twinshift::warehouse
