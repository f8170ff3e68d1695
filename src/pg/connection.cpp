#include "pg/connection.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include "pg/failure.hpp"
#include "pg/wait.hpp"

namespace twinshift::pg {
namespace {

using base::ErrorKind;

void ignore_notice(void* /*nothing*/, const PGresult* /*notice*/) {}

struct Arrays {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
};

Arrays arrays_of(const Parameters& parameters) {
  Arrays arrays;
  for (const auto& [name, value] : parameters.values) {
    arrays.keywords.push_back(name.c_str());
    arrays.values.push_back(value.c_str());
  }
  arrays.keywords.push_back(nullptr);
  arrays.values.push_back(nullptr);
  return arrays;
}

bool is_fatal(const PGresult* result) {
  const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  const std::string_view text = severity == nullptr ? std::string_view() : std::string_view(severity);
  return text == "FATAL" || text == "PANIC";
}

}  // namespace

void Connection::Finish::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

Outcome<Connection> Connection::connect(const Parameters& parameters, base::SteadyTime deadline) {
  const Arrays arrays = arrays_of(parameters);
  Connection connection(PQconnectStartParams(arrays.keywords.data(), arrays.values.data(), 0), parameters.where);
  PGconn* handle = connection.handle_.get();
  if (handle == nullptr || PQstatus(handle) == CONNECTION_BAD) {
    return std::unexpected(failure_to_connect(handle, parameters.where));
  }
  PQsetNoticeReceiver(handle, ignore_notice, nullptr);
  for (PostgresPollingStatusType state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;) {
    if (state == PGRES_POLLING_FAILED) return std::unexpected(failure_to_connect(handle, parameters.where));
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (wait_for(PQsocket(handle), events, deadline) == 0) {
      return std::unexpected(silent(parameters.where, "no connection was made in time"));
    }
    state = PQconnectPoll(handle);
  }
  if (PQsetnonblocking(handle, 1) != 0) return connection.lose("the connection broke at once");
  return connection;
}

// The socket's state is unknown from here on.
std::unexpected<Failure> Connection::lose(std::string_view what) {
  lost_ = true;
  return std::unexpected(silent(where_, what));
}

std::unexpected<Failure> Connection::run_out(std::string_view what) {
  std::unexpected<Failure> failure = lose(what);
  failure.error().error.kind = ErrorKind::timed_out;
  return failure;
}

Failure Connection::failure_of(const Result& result) {
  Failure failure = read_failure(result.handle(), where_);
  lost_ = lost_ || PQstatus(handle_.get()) == CONNECTION_BAD || is_fatal(result.handle());
  failure.lost = lost_;
  return failure;
}

Outcome<void> Connection::flush(base::SteadyTime deadline) {
  for (;;) {
    const int state = PQflush(handle_.get());
    if (state == 0) return {};
    if (state < 0) return lose("the connection was lost while sending");
    const short ready = wait_for(PQsocket(handle_.get()), POLLIN | POLLOUT, deadline);
    if (ready == 0) return run_out("the server did not take what was sent in time");
    // The server may wait until we have read what it says.
    if ((ready & POLLIN) != 0 && PQconsumeInput(handle_.get()) == 0) return lose("the connection was lost");
  }
}

Outcome<void> Connection::wait_for_input(base::SteadyTime deadline) {
  while (PQisBusy(handle_.get()) != 0) {
    if (wait_for(PQsocket(handle_.get()), POLLIN, deadline) == 0) return run_out("the server did not answer in time");
    // A failure shows as a result of its own, with the server's last words.
    if (PQconsumeInput(handle_.get()) == 0) break;
  }
  return {};
}

// Empty at the end of a query's results.
Outcome<Result> Connection::next_result(base::SteadyTime deadline) {
  if (auto waited = wait_for_input(deadline); !waited) return std::unexpected(std::move(waited.error()));
  return Result(PQgetResult(handle_.get()));
}

Outcome<std::vector<Result>> Connection::collect(base::SteadyTime deadline) {
  if (auto sent = flush(deadline); !sent) return std::unexpected(std::move(sent.error()));
  std::vector<Result> results;
  std::optional<Failure> failure;
  for (;;) {
    auto result = next_result(deadline);
    if (!result) return std::unexpected(std::move(result.error()));
    if (!*result) break;
    const ExecStatusType status = PQresultStatus(result->handle());
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
      return lose("the server began a COPY that was not asked for");
    }
    const bool good = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
    if (!good && !failure) failure = failure_of(*result);
    results.push_back(std::move(*result));
  }
  if (failure) return std::unexpected(std::move(*failure));
  if (PQstatus(handle_.get()) == CONNECTION_BAD) return lose("the connection was lost");
  return results;
}

Outcome<Result> Connection::collect_one(base::SteadyTime deadline) {
  auto results = collect(deadline);
  if (!results) return std::unexpected(std::move(results.error()));
  return results->empty() ? Result() : std::move(results->back());
}

Outcome<std::vector<Result>> Connection::run(const std::string& sql, base::SteadyTime deadline) {
  if (lost_ || PQsendQuery(handle_.get(), sql.c_str()) == 0) return lose("the connection was lost");
  return collect(deadline);
}

Outcome<Result> Connection::run_one(const std::string& sql, std::span<const std::string> texts,
                                    base::SteadyTime deadline) {
  std::vector<const char*> values;
  for (const std::string& text : texts) values.push_back(text.c_str());
  if (lost_ || PQsendQueryParams(handle_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                                 nullptr, nullptr, 0) == 0) {
    return lose("the connection was lost");
  }
  return collect_one(deadline);
}

Outcome<void> Connection::prepare(const std::string& name, const std::string& sql, base::SteadyTime deadline) {
  if (lost_ || PQsendPrepare(handle_.get(), name.c_str(), sql.c_str(), 0, nullptr) == 0) {
    return lose("the connection was lost");
  }
  auto done = collect(deadline);
  if (!done) return std::unexpected(std::move(done.error()));
  return {};
}

Outcome<void> Connection::send_prepared(const std::string& name, std::span<const Parameter> parameters,
                                        base::SteadyTime deadline) {
  std::vector<const char*> values;
  std::vector<int> lengths;
  values.reserve(parameters.size());
  lengths.reserve(parameters.size());
  for (const Parameter& parameter : parameters) {
    values.push_back(parameter.value);
    lengths.push_back(parameter.length);
  }
  if (lost_ || PQsendQueryPrepared(handle_.get(), name.c_str(), static_cast<int>(values.size()), values.data(),
                                   lengths.data(), nullptr, 0) == 0) {
    return lose("the connection was lost");
  }
  return flush(deadline);
}

Outcome<std::vector<Result>> Connection::begin_copy(const std::string& sql, base::SteadyTime deadline) {
  if (lost_ || PQsendQuery(handle_.get(), sql.c_str()) == 0) return lose("the connection was lost");
  if (auto sent = flush(deadline); !sent) return std::unexpected(std::move(sent.error()));
  std::vector<Result> before;
  for (;;) {
    auto result = next_result(deadline);
    if (!result) return std::unexpected(std::move(result.error()));
    if (!*result) return lose("the server did not begin the COPY");
    const ExecStatusType status = PQresultStatus(result->handle());
    if (status == PGRES_COPY_IN) return before;
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
      before.push_back(std::move(*result));
      continue;
    }
    Failure failure = failure_of(*result);
    if (auto rest = collect(deadline); !rest && rest.error().lost) failure.lost = true;
    return std::unexpected(std::move(failure));
  }
}

Outcome<void> Connection::put_copy(std::string_view data, base::SteadyTime deadline) {
  for (;;) {
    const int state = PQputCopyData(handle_.get(), data.data(), static_cast<int>(data.size()));
    if (state == 1) return {};
    if (state < 0) return lose("the connection was lost while copying");
    const short ready = wait_for(PQsocket(handle_.get()), POLLIN | POLLOUT, deadline);
    if (ready == 0) return run_out("the server did not take the rows in time");
    if ((ready & POLLIN) != 0 && PQconsumeInput(handle_.get()) == 0) return lose("the connection was lost");
  }
}

Outcome<std::uint64_t> Connection::end_copy(base::SteadyTime deadline) {
  int state = 0;
  while ((state = PQputCopyEnd(handle_.get(), nullptr)) == 0) {
    if (auto sent = flush(deadline); !sent) return std::unexpected(std::move(sent.error()));
  }
  if (state < 0) return lose("the connection was lost while copying");
  auto result = collect_one(deadline);
  if (!result) return std::unexpected(std::move(result.error()));
  return result->affected();
}

std::string Connection::server_parameter(const char* name) const {
  const char* value = PQparameterStatus(handle_.get(), name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace twinshift::pg
