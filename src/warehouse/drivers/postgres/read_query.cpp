#include "warehouse/drivers/postgres/read_query.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;

// A leader without compute nodes beside it takes no larger FETCH (database developer guide, "FETCH").
constexpr std::size_t kRedshiftFetchMax = 1'000;

constexpr std::string_view kHint = "Give one SELECT; it is run in a read-only transaction";

std::unexpected<base::Error> refuse(std::string message) {
  return base::fail(ErrorKind::invalid, std::move(message), "query", std::string(kHint));
}

// What the server says of a statement that the user typed may be told in full: syntax (42), values (22), read-only
// (25), features (0A), cursors (34).
base::Error about_statement(pg::Failure failure) {
  const std::string_view state = failure.sqlstate;
  // Redshift tells of values under codes of its own, too.
  if (!failure.lost && failure.error.kind == ErrorKind::rejected) failure.error.kind = ErrorKind::invalid;
  for (const std::string_view prefix : {"42", "22", "25", "0A", "34", "2F", "3F"}) {
    if (!state.starts_with(prefix)) continue;
    failure.error.kind = ErrorKind::invalid;
    failure.error.hint = kHint;
  }
  return std::move(failure.error);
}

void append_rows(Table& table, const pg::Result& result) {
  if (table.columns.empty()) {
    for (int column = 0; column < result.columns(); ++column) table.columns.push_back(result.column_name(column));
  }
  for (int row = 0; row < result.rows(); ++row) {
    auto& cells = table.rows.emplace_back();
    cells.reserve(static_cast<std::size_t>(result.columns()));
    for (int column = 0; column < result.columns(); ++column) cells.push_back(result.value(row, column));
  }
}

}  // namespace

base::Status ReadingSession::connect(const pg::Parameters& parameters, const SessionLimits& limits,
                                     const LoginSource& login) {
  if (connection_ && std::chrono::steady_clock::now() - used_ <= kReadingKept) return {};
  connection_.reset();
  auto opened = open_session(parameters, limits, login);
  if (!opened) return base::fail(std::move(opened.error().error));
  connection_.emplace(std::move(*opened));
  return {};
}

base::Result<Table> ReadingSession::query(const pg::Parameters& parameters, const SessionLimits& limits,
                                          const LoginSource& login, const std::string& sql, std::size_t rows_max) {
  if (sql.find('\0') != std::string::npos) return refuse("the statement holds a NUL");
  if (auto connected = connect(parameters, limits, login); !connected) {
    return base::fail(std::move(connected.error()));
  }
  auto table = read(parameters, limits, sql, rows_max);
  used_ = std::chrono::steady_clock::now();
  if (!table) connection_.reset();  // its transaction is in whatever state
  return table;
}

base::Result<Table> ReadingSession::read(const pg::Parameters& parameters, const SessionLimits& limits,
                                         const std::string& sql, std::size_t rows_max) {
  const base::SteadyTime deadline = deadline_after(limits.attempt_timeout);
  const bool postgres = dialect_of(parameters) == Dialect::postgres;
  std::string begin = "BEGIN READ ONLY";
  // All rows are wanted: else PostgreSQL plans for the first tenth, and walks a whole index to have it soon.
  if (postgres) begin += "; SET LOCAL cursor_tuple_fraction = 1";
  auto begun = connection_->run(begin, deadline);
  if (!begun) return base::fail(std::move(begun.error().error));
  // Extended protocol: a second statement in the text is a syntax error.
  auto declared = connection_->run_one("DECLARE twinshift_query CURSOR FOR " + sql, {}, deadline);
  if (!declared) return base::fail(about_statement(std::move(declared.error())));
  auto table = fetch(postgres ? rows_max + 1 : kRedshiftFetchMax, rows_max, deadline);
  // What was read is read, whatever becomes of the connection.
  if (table && !connection_->run("ROLLBACK", deadline)) connection_.reset();
  return table;
}

base::Result<Table> ReadingSession::fetch(std::size_t rows_a_time, std::size_t rows_max, base::SteadyTime deadline) {
  Table table;
  for (;;) {
    const std::size_t asked = std::min(rows_a_time, rows_max + 1 - table.rows.size());
    auto rows = connection_->run(fmt::format("FETCH FORWARD {} FROM twinshift_query", asked), deadline);
    if (!rows) return base::fail(about_statement(std::move(rows.error())));
    const pg::Result& result = rows->back();
    if (result.columns() == 0) return refuse("the statement gives no columns");
    append_rows(table, result);
    if (static_cast<std::size_t>(result.rows()) < asked) return table;
    if (table.rows.size() <= rows_max) continue;
    table.rows.pop_back();
    table.cut = true;
    return table;
  }
}

}  // namespace twinshift::warehouse
