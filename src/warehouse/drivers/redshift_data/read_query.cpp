#include "warehouse/drivers/redshift_data/read_query.hpp"

#include <utility>

#include "warehouse/drivers/redshift_data/reading_statement.hpp"
#include "warehouse/schema/redshift_errors.hpp"

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;

// What the server says of a statement that the user typed may be told in full: syntax and names (42), values (22).
base::Error about_statement(const RunReport& report, const std::string& target) {
  base::Error error = error_of_end(report, target);
  if (report.end == StatementRun::End::failed) {
    const std::string text = server_text(report.description);
    const std::string state = read_redshift_error(text).sqlstate;
    error.message = redshift_error_line(text);
    const bool about_it = state.starts_with("42") || state.starts_with("22") || state.starts_with("0A") ||
                          error.kind == ErrorKind::rejected;  // values, under a code of Redshift's own
    if (about_it && state != kNoRight) {
      error.kind = ErrorKind::invalid;
      error.hint = "Give one SELECT; it is only read";
    }
  }
  // It wrote nothing, whatever became of it.
  if (error.kind == ErrorKind::unknown_outcome) error.kind = ErrorKind::unavailable;
  return error;
}

}  // namespace

base::Result<Table> read_query(DataSession& session, const std::string& sql, std::size_t rows_max) {
  const std::string& target = session.options().target;
  auto statement = reading_statement(sql);
  if (!statement) return base::fail(std::move(statement.error()));
  const RunReport report = session.carry_out(session.request({std::move(*statement)}, "query"));
  if (report.end != StatementRun::End::finished) return base::fail(about_statement(report, target));
  const auto& statements = report.description.statements;
  if (statements.empty() || !statements.front().has_result_set) {
    return base::fail(ErrorKind::invalid, "the statement gives no columns", "query", "Give one SELECT");
  }
  auto rows = session.rows(statements.front().id, rows_max);
  if (!rows) {
    rows.error().error.where = target + ", " + rows.error().error.where;
    return base::fail(std::move(rows.error().error));
  }
  if (rows->page.columns.empty()) {
    return base::fail(ErrorKind::invalid, "the statement gives no columns", "query", "Give one SELECT");
  }
  return Table{std::move(rows->page.columns), std::move(rows->page.rows), rows->cut};
}

}  // namespace twinshift::warehouse
