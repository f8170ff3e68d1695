// A connection as the setup of tables sees it. One thread at a time, that of the connection.
#pragma once

#include "pg/connection.hpp"
#include "warehouse/schema/sql_access.hpp"

namespace twinshift::warehouse {

class PgAccess final : public SqlAccess {
 public:
  // It must outlive the access.
  explicit PgAccess(pg::Connection& connection) : connection_(connection) {}
  SqlOutcome<std::vector<SqlResult>> run(std::span<const std::string> statements, base::SteadyTime deadline) override;

 private:
  pg::Connection& connection_;
};

// The same failure in the wire's words, and in those of every way.
pg::Failure pg_failure(SqlFailure failure);
SqlFailure sql_failure(pg::Failure failure);

}  // namespace twinshift::warehouse
