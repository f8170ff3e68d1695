#include "warehouse/drivers/postgres/pg_access.hpp"

#include <utility>

#include "pg/sqlstate.hpp"

namespace twinshift::warehouse {
namespace {

SqlResult result_of(const pg::Result& result) {
  std::vector<SqlResult::Row> rows;
  for (int row = 0; row < result.rows(); ++row) {
    auto& cells = rows.emplace_back();
    for (int column = 0; column < result.columns(); ++column) cells.push_back(result.value(row, column));
  }
  return SqlResult(std::move(rows));
}

}  // namespace

SqlOutcome<std::vector<SqlResult>> PgAccess::run(std::span<const std::string> statements, base::SteadyTime deadline) {
  std::string sql;
  for (const std::string& statement : statements) sql += (sql.empty() ? "" : "; ") + statement;
  auto results = connection_.run(sql, deadline);
  if (!results) return std::unexpected(sql_failure(std::move(results.error())));
  std::vector<SqlResult> told;
  for (const pg::Result& result : *results) told.push_back(result_of(result));
  return told;
}

pg::Failure pg_failure(SqlFailure failure) {
  pg::Failure told;
  told.error = std::move(failure.error);
  told.sqlstate = std::move(failure.sqlstate);
  told.lost = failure.lost;
  return told;
}

SqlFailure sql_failure(pg::Failure failure) {
  SqlFailure told;
  told.error = std::move(failure.error);
  told.already_there = !failure.lost && pg::says_already_there(failure.sqlstate, failure.constraint);
  told.sqlstate = std::move(failure.sqlstate);
  told.lost = failure.lost;
  return told;
}

}  // namespace twinshift::warehouse
