#include "pg/failure.hpp"

#include <algorithm>
#include <libpq-fe.h>

#include "pg/sqlstate.hpp"

namespace twinshift::pg {
namespace {

using base::ErrorKind;

constexpr std::string_view kUnavailableHint = "It is tried again by itself; check that the server runs and answers";

std::string_view field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// A COPY names the column only in its context: `COPY t, line 1, column c: "value"`. Taken as far as it looks like a
// name, so that no value follows.
std::string column_in(std::string_view context) {
  constexpr std::string_view kBefore = ", column ";
  const std::size_t at = context.find(kBefore);
  if (at == std::string_view::npos) return {};
  context.remove_prefix(at + kBefore.size());
  const auto end = std::ranges::find_if_not(context, is_name_character);
  return {context.begin(), end};
}

std::string one_line(std::string_view text) {
  std::string line(text.substr(0, text.find_last_not_of(" \n") + 1));
  std::ranges::replace(line, '\n', ' ');
  return line;
}

std::string message_of(const PGresult* result, std::string_view sqlstate, const std::string& column,
                       const std::string& constraint) {
  std::string message;
  if (sqlstate.empty()) {
    message = "the connection was lost";
  } else if (is_shown(sqlstate)) {
    message = one_line(field(result, PG_DIAG_MESSAGE_PRIMARY));
  } else {
    message = "the server refused a statement";
  }
  if (!column.empty()) message += ", column " + column;
  if (!constraint.empty()) message += ", constraint " + constraint;
  if (!sqlstate.empty()) message += " [" + std::string(sqlstate) + "]";
  return message;
}

}  // namespace

Failure read_failure(const pg_result* result, const std::string& where) {
  Failure failure;
  failure.sqlstate = field(result, PG_DIAG_SQLSTATE);
  failure.column = field(result, PG_DIAG_COLUMN_NAME);
  if (failure.column.empty()) failure.column = column_in(field(result, PG_DIAG_CONTEXT));
  failure.constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
  failure.error.kind = kind_of(failure.sqlstate, field(result, PG_DIAG_MESSAGE_PRIMARY));
  failure.error.message = message_of(result, failure.sqlstate, failure.column, failure.constraint);
  failure.error.where = where;
  failure.error.hint = hint_of(failure.sqlstate);
  if (failure.error.hint.empty() && failure.error.kind == ErrorKind::unavailable) {
    failure.error.hint = kUnavailableHint;
  }
  failure.lost = failure.sqlstate.empty();
  return failure;
}

Failure failure_to_connect(const pg_conn* connection, const std::string& where) {
  Failure failure;
  const std::string text = connection == nullptr ? "out of memory" : one_line(PQerrorMessage(connection));
  failure.error = {ErrorKind::unavailable, text.empty() ? "no connection" : text, where, std::string(kUnavailableHint)};
  failure.lost = true;
  return failure;
}

Failure silent(const std::string& where, std::string_view what) {
  Failure failure;
  failure.error = {ErrorKind::unavailable, std::string(what), where, std::string(kUnavailableHint)};
  failure.lost = true;
  return failure;
}

}  // namespace twinshift::pg
