// The ceiling for landing: writes ready-made rows into two SQLite files as fast as SQLite takes them, one thread a
// file.
//
//   bare_loader SOURCE.db TABLE ROWS_MAX FOLDER  ->  {"rows":..,"alone_per_second":..,"both_per_second":..}
//
// The rows are those that twinshift has written: read into memory first, then written to files of the same definition
// (tables and indexes copied from sqlite_master) under the same promises: WAL, synchronous=FULL, 1000 rows a commit.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <sqlite3.h>

namespace {

constexpr std::size_t kRowsPerCommit = 1000;

[[noreturn]] void fail(sqlite3* db, const char* what) {
  std::fprintf(stderr, "bare_loader: %s: %s\n", what, db != nullptr ? sqlite3_errmsg(db) : "");
  std::exit(1);
}

struct Value {
  int type = SQLITE_NULL;
  std::int64_t integer = 0;
  double real = 0;
  std::string bytes;
};

struct Table {
  std::vector<std::string> definition;  // CREATE TABLE first, then its indexes
  std::string insert;
  std::int64_t page_size = 4096;
  std::vector<std::vector<Value>> rows;
};

sqlite3* open(const std::string& path, int flags) {
  sqlite3* db = nullptr;
  if (sqlite3_open_v2(path.c_str(), &db, flags | SQLITE_OPEN_NOMUTEX, nullptr) != SQLITE_OK) fail(db, path.c_str());
  sqlite3_busy_timeout(db, 10'000);
  return db;
}

void execute(sqlite3* db, const std::string& sql) {
  if (sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail(db, sql.c_str());
}

sqlite3_stmt* prepare(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) fail(db, sql.c_str());
  return statement;
}

Value value_of(sqlite3_stmt* statement, int column) {
  Value value;
  value.type = sqlite3_column_type(statement, column);
  switch (value.type) {
    case SQLITE_INTEGER:
      value.integer = sqlite3_column_int64(statement, column);
      break;
    case SQLITE_FLOAT:
      value.real = sqlite3_column_double(statement, column);
      break;
    case SQLITE_NULL:
      break;
    default: {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
      if (bytes != nullptr)
        value.bytes.assign(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
    }
  }
  return value;
}

Table read(const std::string& path, const std::string& name, std::int64_t rows_max) {
  sqlite3* db = open(path, SQLITE_OPEN_READONLY);
  Table table;
  auto* schema =
      prepare(db, "SELECT sql FROM sqlite_master WHERE tbl_name = ?1 AND sql IS NOT NULL ORDER BY type = 'index'");
  sqlite3_bind_text(schema, 1, name.c_str(), -1, SQLITE_TRANSIENT);
  while (sqlite3_step(schema) == SQLITE_ROW) {
    table.definition.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(schema, 0)));
  }
  sqlite3_finalize(schema);
  auto* page = prepare(db, "PRAGMA page_size");
  if (sqlite3_step(page) == SQLITE_ROW) table.page_size = sqlite3_column_int64(page, 0);
  sqlite3_finalize(page);

  auto* select = prepare(db, "SELECT * FROM \"" + name + "\" LIMIT " + std::to_string(rows_max));
  const int columns = sqlite3_column_count(select);
  while (sqlite3_step(select) == SQLITE_ROW) {
    auto& row = table.rows.emplace_back();
    row.reserve(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column) row.push_back(value_of(select, column));
  }
  sqlite3_finalize(select);
  sqlite3_close(db);

  table.insert = "INSERT INTO \"" + name + "\" VALUES (?";
  for (int column = 1; column < columns; ++column) table.insert += ",?";
  table.insert += ")";
  return table;
}

void bind(sqlite3_stmt* statement, int index, const Value& value) {
  switch (value.type) {
    case SQLITE_INTEGER:
      sqlite3_bind_int64(statement, index, value.integer);
      break;
    case SQLITE_FLOAT:
      sqlite3_bind_double(statement, index, value.real);
      break;
    case SQLITE_TEXT:
      sqlite3_bind_text64(statement, index, value.bytes.data(), value.bytes.size(), SQLITE_STATIC, SQLITE_UTF8);
      break;
    case SQLITE_BLOB:
      sqlite3_bind_blob64(statement, index, value.bytes.data(), value.bytes.size(), SQLITE_STATIC);
      break;
    default:
      sqlite3_bind_null(statement, index);
  }
}

void load(const Table& table, const std::string& path) {
  sqlite3* db = open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  execute(db, "PRAGMA page_size=" + std::to_string(table.page_size));
  execute(db, "PRAGMA journal_mode=WAL");
  execute(db, "PRAGMA synchronous=FULL");
  for (const auto& sql : table.definition) execute(db, sql);
  auto* insert = prepare(db, table.insert);
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    if (i % kRowsPerCommit == 0) execute(db, "BEGIN IMMEDIATE");
    const auto& row = table.rows[i];
    for (std::size_t column = 0; column < row.size(); ++column) bind(insert, static_cast<int>(column) + 1, row[column]);
    if (sqlite3_step(insert) != SQLITE_DONE) fail(db, "insert");
    sqlite3_reset(insert);
    if ((i + 1) % kRowsPerCommit == 0 || i + 1 == table.rows.size()) execute(db, "COMMIT");
  }
  sqlite3_finalize(insert);
  sqlite3_close(db);
}

// Rows a second with one thread a file.
double timed(const Table& table, const std::vector<std::string>& paths) {
  for (const auto& path : paths) {
    for (const char* ending : {"", "-wal", "-shm"}) std::remove((path + ending).c_str());
  }
  const auto begin = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> threads;
    threads.reserve(paths.size());
    for (const auto& path : paths) threads.emplace_back([&table, path] { load(table, path); });
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  return static_cast<double>(table.rows.size()) / seconds.count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "bare_loader SOURCE.db TABLE ROWS_MAX FOLDER\n");
    return 2;
  }
  const auto table = read(argv[1], argv[2], std::atoll(argv[3]));
  if (table.rows.empty()) fail(nullptr, "the source table is empty");
  const std::string folder = argv[4];
  const double alone = timed(table, {folder + "/bare_a.db"});
  const double both = timed(table, {folder + "/bare_a.db", folder + "/bare_b.db"});
  std::printf("{\"rows\":%zu,\"alone_per_second\":%.0f,\"both_per_second\":%.0f}\n", table.rows.size(), alone, both);
  return 0;
}
