#include "sqlite/database.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include <sqlite3.h>

#include "base/folder_owner.hpp"

namespace twinshift::sqlite {
namespace {

using base::ErrorKind;

ErrorKind kind_of(int extended_code) {
  switch (extended_code & 0xFF) {
    case SQLITE_FULL:
      return ErrorKind::full;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorKind::conflict;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorKind::corrupt;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return ErrorKind::rejected;
    case SQLITE_ERROR:
      return ErrorKind::invalid;
    default:
      return ErrorKind::unavailable;
  }
}

std::string_view hint_for(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::full:
      return "Free disk space, or move the data folder to a larger disk";
    case ErrorKind::conflict:
      return "Another process holds a lock on this file; end it, or wait";
    case ErrorKind::corrupt:
      return "Keep a copy of the file and its -wal, then restore it or start with an empty one";
    case ErrorKind::unavailable:
      return "Check that the file and its folder exist, are readable and writable, and that the disk works";
    default:
      return "";
  }
}

base::Error make_error(sqlite3* handle, int code, const std::string& path, std::string_view doing) {
  const ErrorKind kind = kind_of(handle != nullptr ? sqlite3_extended_errcode(handle) : code);
  std::string message(doing);
  message += ": ";
  message += handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  const bool refused = kind == ErrorKind::unavailable && ::access(path.c_str(), R_OK | W_OK) != 0 && errno == EACCES;
  std::string hint = refused ? base::other_owners_hint(path) : std::string();
  return {kind, std::move(message), path, hint.empty() ? std::string(hint_for(kind)) : std::move(hint)};
}

int open_flags(OpenMode mode) {
  switch (mode) {
    case OpenMode::read_only:
      return SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    case OpenMode::read_write:
      return SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    case OpenMode::create:
      return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  }
  return SQLITE_OPEN_READONLY;
}

// SQLite gives -wal and -shm the database's own mode, and as root its owner, so setting it on the file covers all
// three.
void create_private_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return;
  base::give_to_folders_owner(fd, path);
  ::close(fd);
}

}  // namespace

void Database::Close::operator()(sqlite3* handle) const {
  sqlite3_close_v2(handle);
}
void Statement::Finalize::operator()(sqlite3_stmt* handle) const {
  sqlite3_finalize(handle);
}

Database::Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
Statement::Statement(sqlite3_stmt* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

base::Result<Database> Database::open(const std::string& path, OpenMode mode) {
  if (mode == OpenMode::create) create_private_file(path);
  if (mode != OpenMode::create && ::access(path.c_str(), F_OK) != 0) {
    return base::fail(ErrorKind::not_found, "there is no such database file", path,
                      "Check the path; `twinshift serve` creates it");
  }
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, open_flags(mode), nullptr);
  Database database(handle, path);
  if (code != SQLITE_OK) return base::fail(make_error(handle, code, path, "cannot open the database"));
  sqlite3_extended_result_codes(handle, 1);
  return database;
}

base::Status Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return base::fail(last_error("cannot execute a statement"));
  }
  return {};
}

base::Result<Statement> Database::prepare(std::string_view sql, bool persistent) {
  sqlite3_stmt* statement = nullptr;
  const unsigned flags = persistent ? SQLITE_PREPARE_PERSISTENT : 0;
  if (sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()), flags, &statement, nullptr) !=
      SQLITE_OK) {
    return base::fail(last_error("cannot prepare a statement"));
  }
  if (statement == nullptr) return base::fail(ErrorKind::invalid, "there is no statement in this text", path_);
  return Statement(statement, path_);
}

base::Result<std::int64_t> Database::integer(std::string_view sql) {
  auto statement = prepare(sql, false);
  if (!statement) return base::fail(std::move(statement.error()));
  auto row = statement->step();
  if (!row) return base::fail(std::move(row.error()));
  if (!*row) return base::fail(ErrorKind::not_found, "a statement gave no row", path_);
  return statement->integer(0);
}

base::Result<std::string> Database::text(std::string_view sql) {
  auto statement = prepare(sql, false);
  if (!statement) return base::fail(std::move(statement.error()));
  auto row = statement->step();
  if (!row) return base::fail(std::move(row.error()));
  if (!*row) return base::fail(ErrorKind::not_found, "a statement gave no row", path_);
  return std::string(statement->text(0));
}

void Database::set_busy_timeout(std::chrono::milliseconds wait) {
  sqlite3_busy_timeout(handle_.get(), static_cast<int>(wait.count()));
}

base::Status Database::use_durable_wal() {
  auto mode = text("PRAGMA journal_mode=WAL");
  if (!mode) return base::fail(std::move(mode.error()));
  if (*mode != "wal") {
    return base::fail(ErrorKind::unavailable, "the file system does not allow SQLite's WAL mode (got " + *mode + ")",
                      path_, "Put the data folder on a local disk; network file systems cannot share memory");
  }
  if (auto set = execute("PRAGMA synchronous=FULL"); !set) return set;
  auto level = integer("PRAGMA synchronous");
  if (!level) return base::fail(std::move(level.error()));
  if (*level != 2) {
    return base::fail(ErrorKind::unavailable, "SQLite did not take synchronous=FULL", path_,
                      "This build of SQLite cannot keep a commit through a power loss; use the distribution's own");
  }
  return {};
}

void Database::watch_wal() {
  if (!wal_pages_) wal_pages_ = std::make_unique<std::uint64_t>(0);
  const auto note = [](void* pages, sqlite3*, const char*, int count) {
    *static_cast<std::uint64_t*>(pages) = static_cast<std::uint64_t>(count);
    return SQLITE_OK;
  };
  sqlite3_wal_hook(handle_.get(), note, wal_pages_.get());
}

base::Result<CheckpointReport> Database::checkpoint(CheckpointMode mode) {
  const int how = mode == CheckpointMode::passive   ? SQLITE_CHECKPOINT_PASSIVE
                  : mode == CheckpointMode::restart ? SQLITE_CHECKPOINT_RESTART
                                                    : SQLITE_CHECKPOINT_TRUNCATE;
  int log = 0;
  int copied = 0;
  if (sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, how, &log, &copied) != SQLITE_OK) {
    return base::fail(last_error("cannot copy the write-ahead log into the file"));
  }
  return CheckpointReport{static_cast<std::uint64_t>(log < 0 ? 0 : log),
                          static_cast<std::uint64_t>(copied < 0 ? 0 : copied)};
}

std::int64_t Database::last_insert_rowid() const {
  return sqlite3_last_insert_rowid(handle_.get());
}
std::int64_t Database::changes() const {
  return sqlite3_changes(handle_.get());
}
bool Database::in_transaction() const {
  return sqlite3_get_autocommit(handle_.get()) == 0;
}

base::Error Database::last_error(std::string_view doing) const {
  return make_error(handle_.get(), sqlite3_errcode(handle_.get()), path_, doing);
}

void Statement::bind(int parameter, std::int64_t value) {
  sqlite3_bind_int64(handle_.get(), parameter, value);
}
void Statement::bind_text(int parameter, std::string_view value) {
  // A null pointer would bind NULL; an empty text is a value of its own.
  sqlite3_bind_text64(handle_.get(), parameter, value.data() != nullptr ? value.data() : "", value.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
}
void Statement::bind_blob(int parameter, std::string_view value) {
  sqlite3_bind_blob64(handle_.get(), parameter, value.data() != nullptr ? value.data() : "", value.size(),
                      SQLITE_STATIC);
}
void Statement::bind_null(int parameter) {
  sqlite3_bind_null(handle_.get(), parameter);
}

void Statement::bind_values_of(const Statement& from, int skipped) {
  const int columns = from.column_count();
  for (int i = skipped; i < columns; ++i) {
    sqlite3_bind_value(handle_.get(), i - skipped + 1, sqlite3_column_value(from.handle_.get(), i));
  }
}

base::Result<bool> Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return base::fail(make_error(sqlite3_db_handle(handle_.get()), code, path_, "a statement failed"));
}

base::Status Statement::run() {
  auto row = step();
  base::Status status;
  if (!row) status = base::fail(std::move(row.error()));
  reset();
  return status;
}

void Statement::reset() {
  sqlite3_reset(handle_.get());
}

int Statement::column_count() const {
  return sqlite3_column_count(handle_.get());
}
std::string Statement::column_name(int column) const {
  return sqlite3_column_name(handle_.get(), column);
}
bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}
std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}
std::string_view Statement::text(int column) const {
  const void* data = sqlite3_column_blob(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  return data == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size));
}
bool Statement::is_read_only() const {
  return sqlite3_stmt_readonly(handle_.get()) != 0;
}

base::Result<Transaction> Transaction::begin(Database& database) {
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return base::fail(std::move(begun.error()));
  return Transaction(database);
}
Transaction::Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
Transaction::~Transaction() {
  // After some errors (a full disk, say) SQLite has rolled back by itself; a second ROLLBACK would only fail.
  if (database_ != nullptr && database_->in_transaction()) (void)database_->execute("ROLLBACK");
}
base::Status Transaction::commit() {
  auto done = database_->execute("COMMIT");
  if (done) database_ = nullptr;
  return done;
}

}  // namespace twinshift::sqlite
