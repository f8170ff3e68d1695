#include "sqlite/read_only.hpp"

#include <memory>
#include <string_view>
#include <utility>

#include <sqlite3.h>

#include "sqlite/database.hpp"

namespace twinshift::sqlite {
namespace {

using base::ErrorKind;
using std::chrono::steady_clock;

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using StatementPtr = std::unique_ptr<sqlite3_stmt, Finalize>;

constexpr int kStepsBetweenLooks = 10'000;  // of SQLite's virtual machine: about a millisecond

// The pragmas that only tell about a table; others can change the connection or the file.
bool is_harmless_pragma(std::string_view name) {
  return name == "table_info" || name == "table_xinfo" || name == "index_list" || name == "index_info" ||
         name == "index_xinfo" || name == "table_list" || name == "page_count" || name == "page_size" ||
         name == "freelist_count" || name == "integrity_check" || name == "quick_check";
}

// What SQLite's callbacks need; must outlive the statement.
struct Guard {
  steady_clock::time_point deadline;
  bool denied = false;  // SQLite's own code for it differs from statement to statement
};

bool is_allowed(int action, const char* first) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
      return true;
    case SQLITE_PRAGMA:
      return is_harmless_pragma(first != nullptr ? first : "");
    default:
      return false;
  }
}

int authorize(void* guard, int action, const char* first, const char* /*second*/, const char* /*database*/,
              const char* /*trigger*/) {
  if (is_allowed(action, first)) return SQLITE_OK;
  static_cast<Guard*>(guard)->denied = true;
  return SQLITE_DENY;
}

int out_of_time(void* guard) {
  return steady_clock::now() >= static_cast<const Guard*>(guard)->deadline ? 1 : 0;
}

std::unexpected<base::Error> refuse(const std::string& path, std::string message) {
  return base::fail(ErrorKind::invalid, std::move(message), path, "Give one SELECT statement");
}

void make_harmless(sqlite3* handle, Guard& guard) {
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_set_authorizer(handle, authorize, &guard);
  sqlite3_progress_handler(handle, kStepsBetweenLooks, out_of_time, &guard);
}

base::Result<StatementPtr> compile(Database& database, const std::string& sql, const Guard& guard) {
  if (sql.find('\0') != std::string::npos) return refuse(database.path(), "the statement holds a NUL");
  sqlite3_stmt* raw = nullptr;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v2(database.handle(), sql.c_str(), -1, &raw, &rest);
  StatementPtr statement(raw);
  if (guard.denied) return refuse(database.path(), "this statement is not read-only");
  if (code != SQLITE_OK) return base::fail(database.last_error("cannot prepare the statement"));
  if (statement == nullptr) return refuse(database.path(), "there is no statement in this text");
  if (sqlite3_stmt_readonly(raw) == 0) return refuse(database.path(), "this statement is not read-only");
  // Comments and white space may follow; they compile to nothing.
  sqlite3_stmt* second = nullptr;
  const int more = sqlite3_prepare_v2(database.handle(), rest, -1, &second, nullptr);
  const StatementPtr extra(second);
  if (more != SQLITE_OK || extra != nullptr) return refuse(database.path(), "there is more than one statement");
  return statement;
}

std::optional<std::string> value_of(sqlite3_stmt* statement, int column) {
  const int type = sqlite3_column_type(statement, column);
  if (type == SQLITE_NULL) return std::nullopt;
  const void* data = type == SQLITE_BLOB ? sqlite3_column_blob(statement, column)
                                         : static_cast<const void*>(sqlite3_column_text(statement, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  const std::string_view bytes(data == nullptr ? "" : static_cast<const char*>(data), data == nullptr ? 0 : size);
  if (type != SQLITE_BLOB) return std::string(bytes);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15U];
  }
  return hex;
}

base::Error failure(const Database& database) {
  base::Error error = database.last_error("the statement failed");
  if ((sqlite3_errcode(database.handle()) & 0xFF) != SQLITE_INTERRUPT) return error;
  error.kind = ErrorKind::timed_out;
  error.message = "the statement took too long and was ended";
  error.hint = "Ask for less, or for a range of event_at";
  return error;
}

base::Result<ReadResult> fetch(const Database& database, sqlite3_stmt* statement, std::size_t rows_max) {
  ReadResult result;
  const int columns = sqlite3_column_count(statement);
  for (int i = 0; i < columns; ++i) {
    const char* name = sqlite3_column_name(statement, i);
    result.columns.emplace_back(name != nullptr ? name : "");
  }
  for (;;) {
    const int code = sqlite3_step(statement);
    if (code == SQLITE_DONE) return result;
    if (code != SQLITE_ROW) return base::fail(failure(database));
    if (result.rows.size() >= rows_max) {
      result.cut = true;
      return result;
    }
    auto& row = result.rows.emplace_back();
    row.reserve(static_cast<std::size_t>(columns));
    for (int i = 0; i < columns; ++i) row.push_back(value_of(statement, i));
  }
}

}  // namespace

base::Result<ReadResult> read_only_query(const std::string& path, const std::string& sql, const ReadLimits& limits) {
  Guard guard{.deadline = steady_clock::now() + limits.time_max};
  auto database = Database::open(path, OpenMode::read_only);
  if (!database) return base::fail(std::move(database.error()));
  database->set_busy_timeout(limits.busy_timeout);
  make_harmless(database->handle(), guard);
  auto statement = compile(*database, sql, guard);
  if (!statement) return base::fail(std::move(statement.error()));
  return fetch(*database, statement->get(), limits.rows_max);
}

}  // namespace twinshift::sqlite
