#include "warehouse/drivers/postgres/read_query.hpp"

#include <string_view>

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;

constexpr std::string_view kHint = "Give one SELECT; it is run in a read-only transaction";

std::unexpected<base::Error> refuse(std::string message) {
  return base::fail(ErrorKind::invalid, std::move(message), "query", std::string(kHint));
}

// What the server says of a statement that the user typed may be told in full: syntax (42), values (22), read-only
// (25), features (0A), cursors (34).
base::Error about_statement(pg::Failure failure) {
  const std::string_view state = failure.sqlstate;
  for (const std::string_view prefix : {"42", "22", "25", "0A", "34", "2F", "3F"}) {
    if (!state.starts_with(prefix)) continue;
    failure.error.kind = ErrorKind::invalid;
    failure.error.hint = kHint;
  }
  return std::move(failure.error);
}

Table table_of(const pg::Result& result, std::size_t rows_max) {
  Table table;
  for (int column = 0; column < result.columns(); ++column) table.columns.push_back(result.column_name(column));
  for (int row = 0; row < result.rows(); ++row) {
    if (table.rows.size() == rows_max) {
      table.cut = true;
      break;
    }
    auto& cells = table.rows.emplace_back();
    for (int column = 0; column < result.columns(); ++column) cells.push_back(result.value(row, column));
  }
  return table;
}

}  // namespace

base::Result<Table> QueryReader::read(const std::string& sql, std::size_t rows_max) {
  if (sql.find('\0') != std::string::npos) return refuse("the statement holds a NUL");
  if (kept_) {
    auto table = read_connected(*kept_, sql, rows_max);
    if (table) return table;
    const bool lost = kept_->is_lost();
    kept_.reset();
    if (!lost) return table;
  }
  auto connection = open_session(parameters_, limits_, login_);
  if (!connection) return base::fail(std::move(connection.error().error));
  auto table = read_connected(*connection, sql, rows_max);
  if (keeps_ && table) kept_.emplace(std::move(*connection));
  return table;
}

base::Result<Table> QueryReader::read_connected(pg::Connection& connection, const std::string& sql,
                                                std::size_t rows_max) {
  const base::SteadyTime deadline = deadline_after(limits_.attempt_timeout);
  auto begun = connection.run("BEGIN READ ONLY", deadline);
  if (!begun) return base::fail(std::move(begun.error().error));
  // Extended protocol: a second statement in the text is a syntax error.
  auto declared = connection.run_one("DECLARE twinshift_query NO SCROLL CURSOR FOR " + sql, {}, deadline);
  if (!declared) return base::fail(about_statement(std::move(declared.error())));
  auto rows =
      connection.run("FETCH FORWARD " + std::to_string(rows_max + 1) + " FROM twinshift_query; COMMIT", deadline);
  if (!rows) return base::fail(about_statement(std::move(rows.error())));
  const pg::Result& result = rows->front();
  if (result.columns() == 0) return refuse("the statement gives no columns");
  return table_of(result, rows_max);
}

}  // namespace twinshift::warehouse
