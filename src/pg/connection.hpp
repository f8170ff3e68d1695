// One connection to a PostgreSQL-like server through libpq. Nothing else knows libpq-fe.h but this folder.
//
// Every call has a deadline and never waits longer: a server that went silent costs its caller that time and the
// connection. One thread at a time. What libpq would print (notices) goes nowhere: it may quote rows.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "pg/parameters.hpp"
#include "pg/result.hpp"

struct pg_conn;

namespace twinshift::pg {

// Why a call failed. `error.message` quotes no values of rows.
struct Failure {
  base::Error error;
  std::string sqlstate;    // empty where the server said nothing
  std::string column;      // where the server named it
  std::string constraint;  // likewise
  bool lost = false;       // the connection is of no more use; the server may still carry out what was sent
};
template <class T>
using Outcome = std::expected<T, Failure>;

// libpq's text or binary parameter list: null where `value` is null.
struct Parameter {
  const char* value = nullptr;
  int length = 0;
};

class Connection {
 public:
  static Outcome<Connection> connect(const Parameters& parameters, base::SteadyTime deadline);
  Connection(Connection&&) noexcept = default;
  Connection& operator=(Connection&&) noexcept = default;

  // Simple protocol: one or more statements in one round trip, a result for each. All or none outside a transaction
  // that `sql` itself begins.
  Outcome<std::vector<Result>> run(const std::string& sql, base::SteadyTime deadline);
  // Extended protocol: exactly one statement, parameters as text ($1 ...).
  Outcome<Result> run_one(const std::string& sql, std::span<const std::string> texts, base::SteadyTime deadline);
  Outcome<void> prepare(const std::string& name, const std::string& sql, base::SteadyTime deadline);
  // Text parameters; not copied beyond the call.
  Outcome<void> send_prepared(const std::string& name, std::span<const Parameter> parameters,
                              base::SteadyTime deadline);
  // The answer to what was sent; nothing else may be asked for before it.
  Outcome<Result> receive(base::SteadyTime deadline) { return collect_one(deadline); }

  // `sql` may begin with other statements, whose results it gives; its last one must be COPY ... FROM STDIN.
  Outcome<std::vector<Result>> begin_copy(const std::string& sql, base::SteadyTime deadline);
  Outcome<void> put_copy(std::string_view data, base::SteadyTime deadline);
  // Rows copied.
  Outcome<std::uint64_t> end_copy(base::SteadyTime deadline);

  [[nodiscard]] bool is_lost() const { return lost_; }
  // As the server reported it ("15.6", "8.0.2"); empty where it did not.
  [[nodiscard]] std::string server_parameter(const char* name) const;

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  Connection(pg_conn* connection, std::string where) : handle_(connection), where_(std::move(where)) {}

  Outcome<void> flush(base::SteadyTime deadline);
  Outcome<void> wait_for_input(base::SteadyTime deadline);
  Outcome<Result> next_result(base::SteadyTime deadline);
  Outcome<std::vector<Result>> collect(base::SteadyTime deadline);
  Outcome<Result> collect_one(base::SteadyTime deadline);
  std::unexpected<Failure> lose(std::string_view what);
  // The deadline has passed.
  std::unexpected<Failure> run_out(std::string_view what);
  [[nodiscard]] Failure failure_of(const Result& result);

  std::unique_ptr<pg_conn, Finish> handle_;
  std::string where_;
  bool lost_ = false;
};

}  // namespace twinshift::pg
