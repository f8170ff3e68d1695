// The embedded warehouse: one table in one SQLite file (docs/formats/warehouse-sqlite.md).
//
// Threads: one at a time. It is the file's only writer and also its only checkpointer. query() opens a read-only
// connection of its own and may be called without prepare(), in a process that never writes.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

struct SqliteWarehouseOptions {
  std::string path;                        // the file; made with mode 0600 where there is none
  std::string table = "appsflyer_events";  // or "schema.table": SQLite has no schemas, the last part counts
  std::string target = "primary";          // for log lines
  std::string instance = "twinshift";      // who wrote a load marker
  // How long a query() may run.
  std::chrono::milliseconds statement_timeout{60'000};
  // How long a write waits for another process that holds the file's lock, before `conflict`.
  std::chrono::milliseconds busy_timeout{5'000};
  const base::Clock* clock = &base::system_clock();  // must outlive the warehouse
};

// Touches no file: prepare() and write() do. `invalid` where the table's name cannot be one.
base::Result<std::unique_ptr<Warehouse>> open_sqlite_warehouse(SqliteWarehouseOptions options);

}  // namespace twinshift::warehouse
