// The yardstick for a server without COPY FROM STDIN: prepared multi-row INSERTs of ready-made rows, text parameters,
// a COMMIT for each 1,000 rows. Nothing is parsed, looked up or marked.
//
//   bare_insert URL SOURCE_TABLE TARGET_TABLE ROWS_A_STATEMENT ROWS_MAX
//
// prints {"rows":N,"seconds":S,"per_second":R}. Reading the rows from SOURCE_TABLE is not timed.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <libpq-fe.h>
#include <string>
#include <vector>

namespace {

constexpr int kCommitRows = 1000;

PGconn* connection = nullptr;

PGresult* must(PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return result;
  std::fprintf(stderr, "%s", PQerrorMessage(connection));
  std::exit(1);
}

void run(const char* sql) {
  PQclear(must(PQexec(connection, sql)));
}

std::string insert_sql(const PGresult* source, const std::string& table, int rows) {
  const int columns = PQnfields(source);
  std::string sql = "INSERT INTO " + table + " (";
  for (int i = 0; i < columns; ++i) sql += std::string(i == 0 ? "\"" : ",\"") + PQfname(source, i) + '"';
  sql += ") VALUES ";
  for (int row = 0, number = 0; row < rows; ++row) {
    sql += row == 0 ? "(" : ",(";
    for (int i = 0; i < columns; ++i) sql += (i == 0 ? "$" : ",$") + std::to_string(++number);
    sql += ')';
  }
  return sql;
}

}  // namespace

int main(int count, char** words) {
  if (count != 6) {
    std::fprintf(stderr, "usage: bare_insert URL SOURCE_TABLE TARGET_TABLE ROWS_A_STATEMENT ROWS_MAX\n");
    return 2;
  }
  connection = PQconnectdb(words[1]);
  const int batch = std::atoi(words[4]);
  PGresult* source =
      must(PQexec(connection, ("SELECT * FROM " + std::string(words[2]) + " LIMIT " + words[5]).c_str()));
  const int rows = PQntuples(source) / batch * batch;
  const int columns = PQnfields(source);
  PQclear(must(PQprepare(connection, "put", insert_sql(source, words[3], batch).c_str(), 0, nullptr)));
  std::vector<const char*> values(static_cast<std::size_t>(batch) * static_cast<std::size_t>(columns));
  const auto begin = std::chrono::steady_clock::now();
  run("BEGIN");
  for (int row = 0; row < rows; row += batch) {
    std::size_t at = 0;
    for (int r = row; r < row + batch; ++r) {
      for (int c = 0; c < columns; ++c)
        values[at++] = PQgetisnull(source, r, c) != 0 ? nullptr : PQgetvalue(source, r, c);
    }
    PQclear(
        must(PQexecPrepared(connection, "put", static_cast<int>(values.size()), values.data(), nullptr, nullptr, 0)));
    if ((row + batch) % kCommitRows == 0) run("COMMIT; BEGIN");
  }
  run("COMMIT");
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("{\"rows\":%d,\"seconds\":%.3f,\"per_second\":%.0f}\n", rows, seconds, rows / seconds);
  PQclear(source);
  PQfinish(connection);
}
