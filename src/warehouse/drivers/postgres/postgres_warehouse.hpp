// One table in a PostgreSQL or Redshift database, over the wire by libpq.
//
// Threads: one at a time. query() opens a read-only connection of its own and may be called without prepare().
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "warehouse/drivers/postgres/session.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

struct PostgresWarehouseOptions {
  std::string url;                         // postgresql://, postgres:// or redshift://; may hold a password
  std::string password_file;               // its first line is the password; empty: as libpq finds it
  LoginSource login{};                     // where the URL names no user
  std::string table = "appsflyer_events";  // or "schema.table"
  std::string target = "primary";          // for log lines
  std::string instance = "twinshift";      // who wrote a load marker
  // A table that somebody else made is only changed (columns added) where this says so.
  bool schema_apply = false;
  std::chrono::milliseconds connect_timeout{10'000};
  // The server ends a statement that takes longer.
  std::chrono::milliseconds statement_timeout{60'000};
  // One batch, or one other call, may take as long as this; then the connection is given up.
  std::chrono::milliseconds attempt_timeout{60'000};
  const base::Clock* clock = &base::system_clock();  // must outlive the warehouse
};

// Does not connect: prepare() and write() do. `invalid` where URL or table cannot be right.
base::Result<std::unique_ptr<Warehouse>> open_postgres_warehouse(PostgresWarehouseOptions options);

}  // namespace twinshift::warehouse
