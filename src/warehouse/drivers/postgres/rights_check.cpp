#include "warehouse/drivers/postgres/rights_check.hpp"

#include <utility>
#include <vector>

#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/describe.hpp"

namespace twinshift::warehouse {
namespace {

// Rights on single columns count, too; Redshift has no such question.
constexpr const char* kPostgresRights =
    "SELECT has_any_column_privilege(current_user, $1::text, 'SELECT'), "
    "has_any_column_privilege(current_user, $1::text, 'INSERT')";
constexpr const char* kRedshiftRights =
    "SELECT has_table_privilege(current_user, $1::varchar, 'SELECT'), "
    "has_table_privilege(current_user, $1::varchar, 'INSERT')";
constexpr const char* kGeneralRights =
    "SELECT has_schema_privilege(current_user, $1::varchar, 'USAGE'), "
    "has_database_privilege(current_user, current_database(), 'TEMP'), current_database()";

std::unexpected<pg::Failure> lacking(std::string what, const std::string& where, std::string grant) {
  pg::Failure failure;
  failure.error = {base::ErrorKind::conflict, std::move(what), where, std::move(grant)};
  failure.sqlstate = "42501";
  return std::unexpected(std::move(failure));
}

class RightsCheck {
 public:
  RightsCheck(pg::Connection& connection, Dialect dialect, base::SteadyTime deadline)
      : connection_(connection), dialect_(dialect), deadline_(deadline) {}

  pg::Outcome<void> general(const std::string& schema) {
    const std::vector<std::string> names{schema};
    auto has = connection_.run_one(kGeneralRights, names, deadline_);
    if (!has) return std::unexpected(std::move(has.error()));
    if (has->text(0, 0) == "f") {
      return lacking("our user may not use the schema", "schema " + quote_identifier(schema),
                     "GRANT USAGE ON SCHEMA " + quote_identifier(schema) + " TO " + user());
    }
    if (has->text(0, 1) == "f") {
      const std::string database = quote_identifier(has->text(0, 2));
      return lacking("our user may not make temporary tables, through which batches go", "database " + database,
                     "GRANT TEMPORARY ON DATABASE " + database + " TO " + user());
    }
    return {};
  }

  pg::Outcome<void> table(const std::string& quoted) {
    const std::vector<std::string> names{quoted};
    auto has = connection_.run_one(dialect_ == Dialect::postgres ? kPostgresRights : kRedshiftRights, names, deadline_);
    if (!has) return std::unexpected(std::move(has.error()));
    std::string missing;
    if (has->text(0, 0) == "f") missing = "SELECT";
    if (has->text(0, 1) == "f") missing += missing.empty() ? "INSERT" : ", INSERT";
    if (missing.empty()) return {};
    return lacking("our user lacks the right to " + missing, "table " + quoted,
                   "GRANT " + missing + " ON " + quoted + " TO " + user());
  }

 private:
  std::string user() { return grantee(connection_, deadline_); }

  pg::Connection& connection_;
  Dialect dialect_;
  base::SteadyTime deadline_;
};

}  // namespace

std::string grantee(pg::Connection& connection, base::SteadyTime deadline) {
  auto user = connection.run_one("SELECT current_user", {}, deadline);
  if (!user || user->rows() == 0) return "<our user>";
  return quote_identifier(user->text(0, 0));
}

std::string ddl_grant_hint(pg::Connection& connection, const TableName& table, std::string_view statement,
                           base::SteadyTime deadline) {
  const std::string user = grantee(connection, deadline);
  // Neither dialect has a right to alter or to index that could be granted: it is the owner's.
  const bool is_the_owners = statement.starts_with("ALTER TABLE") || statement.starts_with("CREATE UNIQUE INDEX");
  if (is_the_owners) return "ALTER TABLE " + table.quoted() + " OWNER TO " + user;
  return "GRANT USAGE, CREATE ON SCHEMA " + quote_identifier(table.schema) + " TO " + user;
}

pg::Outcome<void> check_rights(pg::Connection& connection, Dialect dialect, const TableName& table,
                               base::SteadyTime deadline) {
  RightsCheck check(connection, dialect, deadline);
  if (auto may = check.general(table.schema); !may) return may;
  if (auto may = check.table(table.quoted()); !may) return may;
  for (const std::string& name : sibling_names(dialect)) {
    if (name == kWriterTable) continue;  // only locked, for which there is no right to ask about
    if (auto may = check.table(sibling(table, name)); !may) return may;
  }
  return {};
}

}  // namespace twinshift::warehouse
