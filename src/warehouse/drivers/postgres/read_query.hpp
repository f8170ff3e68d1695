// Reading statements over connections of their own, each in a read-only transaction of its own.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "warehouse/drivers/postgres/session.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

// One thread at a time.
class QueryReader {
 public:
  QueryReader(pg::Parameters parameters, SessionLimits limits, LoginSource login)
      : parameters_(std::move(parameters)), limits_(limits), login_(std::move(login)) {}

  // The next ones share a connection. One that was lost while it lay idle is made anew.
  void keep_connection() { keeps_ = true; }
  // At most `rows_max` rows are fetched, through a cursor. `invalid` where `sql` is not one reading statement.
  base::Result<Table> read(const std::string& sql, std::size_t rows_max);

 private:
  base::Result<Table> read_connected(pg::Connection& connection, const std::string& sql, std::size_t rows_max);

  const pg::Parameters parameters_;
  const SessionLimits limits_;
  const LoginSource login_;
  bool keeps_ = false;
  std::optional<pg::Connection> kept_;
};

}  // namespace twinshift::warehouse
