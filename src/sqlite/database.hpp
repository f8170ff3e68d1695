// RAII over SQLite's C API (sqlite.org/c3ref): a connection, a statement, a transaction. Nothing else knows sqlite3.h.
//
// One thread at a time may use a connection and everything made from it (the connection is opened with
// SQLITE_OPEN_NOMUTEX).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace twinshift::sqlite {

enum class OpenMode { read_only, read_write, create };

enum class CheckpointMode { passive, restart, truncate };

// Pages in the log and how many of them now stand in the file.
struct CheckpointReport {
  std::uint64_t log_pages = 0;
  std::uint64_t copied_pages = 0;
};

class Statement;

class Database {
 public:
  // `create` makes the file with mode 0600 where there is none. Errors: not_found, unavailable, corrupt.
  static base::Result<Database> open(const std::string& path, OpenMode mode);

  Database(Database&&) noexcept = default;
  Database& operator=(Database&&) noexcept = default;

  // Runs one or more statements without parameters.
  base::Status execute(const std::string& sql);
  // Compiles the first statement of `sql`. With `persistent` SQLite keeps it out of its lookaside memory: for
  // statements that live long.
  base::Result<Statement> prepare(std::string_view sql, bool persistent = true);
  // First column of the first row; an error where there is no row.
  base::Result<std::int64_t> integer(std::string_view sql);
  base::Result<std::string> text(std::string_view sql);

  void set_busy_timeout(std::chrono::milliseconds wait);
  // Switches on WAL with synchronous=FULL and reads both back: an error where the file system did not grant them
  // (wal.html; pragma.html).
  base::Status use_durable_wal();

  // From now on the owner checkpoints, not SQLite: wal_pages() tells how long the log is since its last restart, as of
  // the last commit. Needs WAL.
  void watch_wal();
  [[nodiscard]] std::uint64_t wal_pages() const { return wal_pages_ ? *wal_pages_ : 0; }
  // Copies the log into the file (c3ref/wal_checkpoint_v2). Never beside a commit on another connection: before 3.51.3
  // that can lose commits. `restart` and `truncate` wait for readers as long as the busy timeout says.
  base::Result<CheckpointReport> checkpoint(CheckpointMode mode);

  [[nodiscard]] std::int64_t last_insert_rowid() const;
  [[nodiscard]] std::int64_t changes() const;
  // True while a transaction is open on this connection.
  [[nodiscard]] bool in_transaction() const;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

  // The last error of this connection as ours: SQLITE_FULL -> full, BUSY/LOCKED -> conflict, CORRUPT/NOTADB -> corrupt,
  // CONSTRAINT/TOOBIG/MISMATCH -> rejected, the rest -> unavailable.
  [[nodiscard]] base::Error last_error(std::string_view doing) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  Database(sqlite3* handle, std::string path);
  std::unique_ptr<std::uint64_t> wal_pages_;  // outlives the handle, whose hook writes it
  std::unique_ptr<sqlite3, Close> handle_;
  std::string path_;
};

// Parameters count from 1, columns from 0, as in SQLite.
class Statement {
 public:
  Statement(Statement&&) noexcept = default;
  Statement& operator=(Statement&&) noexcept = default;

  // Text and blobs are not copied: they must live until the next reset() or destruction.
  void bind(int parameter, std::int64_t value);
  void bind_text(int parameter, std::string_view value);
  void bind_blob(int parameter, std::string_view value);
  void bind_null(int parameter);
  // The row that `from` stands at, value by value, of whatever type; without its first `skipped` columns.
  void bind_values_of(const Statement& from, int skipped = 0);

  // True: a row is there. False: done.
  base::Result<bool> step();
  // For statements without rows: step, then reset whatever the outcome.
  base::Status run();
  void reset();

  [[nodiscard]] int column_count() const;
  [[nodiscard]] std::string column_name(int column) const;
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  // Text or blob; valid until the next step or reset.
  [[nodiscard]] std::string_view text(int column) const;
  // False where the statement could write (sqlite3_stmt_readonly).
  [[nodiscard]] bool is_read_only() const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const;
  };
  Statement(sqlite3_stmt* handle, std::string path);
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  std::string path_;
};

// BEGIN IMMEDIATE (takes the write lock at once, so that nothing fails half-way for a lock); rolled back unless
// committed.
class Transaction {
 public:
  static base::Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  base::Status commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace twinshift::sqlite
