#include "warehouse/drivers/postgres/session.hpp"

#include <fmt/format.h>

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;

// A transaction whose client vanished holds its locks no longer than this (PostgreSQL manual, section 20.11.1).
constexpr std::chrono::milliseconds kIdleInTransactionMax{60'000};

std::string settings_sql(Dialect dialect, const SessionLimits& limits) {
  std::string sql = fmt::format("SET statement_timeout = {}; SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'",
                                limits.statement_timeout.count());
  if (dialect == Dialect::redshift) return sql;
  // read committed: a marker that is asked for under a lock must be looked for after the lock was granted.
  return sql + fmt::format(
                   "; SET synchronous_commit = on; SET standard_conforming_strings = on; "
                   "SET default_transaction_isolation = 'read committed'; SET lock_timeout = {}; "
                   "SET idle_in_transaction_session_timeout = {}",
                   limits.statement_timeout.count(), kIdleInTransactionMax.count());
}

pg::Failure wrong_dialect(const pg::Parameters& parameters, Dialect wanted) {
  const bool is_redshift = wanted != Dialect::redshift;
  pg::Failure failure;
  failure.error = {ErrorKind::conflict,
                   fmt::format("the server is {}, the URL says {}", is_redshift ? "Redshift" : "not Redshift",
                               is_redshift ? "postgresql://" : "redshift://"),
                   parameters.where, fmt::format("Write {}:// in the URL", is_redshift ? "redshift" : "postgresql")};
  failure.lost = true;
  return failure;
}

// Events hold characters that no other encoding has.
pg::Failure wrong_encoding(const pg::Parameters& parameters) {
  pg::Failure failure;
  failure.error = {ErrorKind::conflict, "the database's encoding is not UTF8", parameters.where,
                   "Use a database made by CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"};
  failure.lost = true;
  return failure;
}

// invalid_authorization_specification, invalid_password
bool is_refused_login(const pg::Failure& failure) {
  return failure.sqlstate == "28000" || failure.sqlstate == "28P01";
}

pg::Outcome<pg::Connection> log_in(pg::Parameters parameters, const SessionLimits& limits, const LoginSource& login) {
  if (login.get) {
    auto got = login.get();
    if (!got) {
      pg::Failure failure;
      failure.error = std::move(got.error());
      failure.lost = true;
      return std::unexpected(std::move(failure));
    }
    parameters.values["user"] = std::move(got->user);
    parameters.values["password"] = std::move(got->password);
  }
  auto connection = pg::Connection::connect(parameters, deadline_after(limits.connect_timeout));
  if (!connection && login.refuse && is_refused_login(connection.error())) login.refuse();
  return connection;
}

}  // namespace

Dialect dialect_of(const pg::Parameters& parameters) {
  return parameters.scheme == pg::Scheme::redshift ? Dialect::redshift : Dialect::postgres;
}

base::SteadyTime deadline_after(std::chrono::milliseconds wait) {
  return std::chrono::steady_clock::now() + wait;
}

pg::Outcome<pg::Connection> open_session(const pg::Parameters& parameters, const SessionLimits& limits,
                                         const LoginSource& login) {
  auto connection = log_in(parameters, limits, login);
  if (!connection) return connection;
  const base::SteadyTime deadline = deadline_after(limits.attempt_timeout);
  auto version = connection->run("SELECT version()", deadline);
  if (!version) return std::unexpected(std::move(version.error()));
  const Dialect dialect = dialect_of(parameters);
  const bool is_redshift = version->back().text(0, 0).find("Redshift") != std::string_view::npos;
  if (is_redshift != (dialect == Dialect::redshift)) return std::unexpected(wrong_dialect(parameters, dialect));
  if (dialect == Dialect::postgres && connection->server_parameter("server_encoding") != "UTF8") {
    return std::unexpected(wrong_encoding(parameters));
  }
  auto set = connection->run(settings_sql(dialect, limits), deadline);
  if (!set) return std::unexpected(std::move(set.error()));
  return connection;
}

}  // namespace twinshift::warehouse
