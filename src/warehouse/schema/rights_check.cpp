#include "warehouse/schema/rights_check.hpp"

#include <utility>

#include <fmt/format.h>

#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/write_text.hpp"

namespace twinshift::warehouse {
namespace {

constexpr std::size_t kRightsATable = 2;

std::string general_rights_sql(Dialect dialect, const std::string& schema) {
  return fmt::format(
      "SELECT has_schema_privilege(current_user, {}, 'USAGE'), has_database_privilege(current_user, "
      "current_database(), 'TEMP'), current_database()",
      literal(dialect, schema));
}

// All tables in one row. Rights on single columns count, too; Redshift has no such question.
std::string table_rights_sql(Dialect dialect, const std::vector<std::string>& tables) {
  const std::string_view asks = dialect == Dialect::postgres ? "has_any_column_privilege" : "has_table_privilege";
  std::string sql;
  for (const std::string& table : tables) {
    for (const std::string_view right : {"SELECT", "INSERT"}) {
      sql += fmt::format("{}{}(current_user, {}, '{}')", sql.empty() ? "SELECT " : ", ", asks, literal(dialect, table),
                         right);
    }
  }
  return sql;
}

std::unexpected<SqlFailure> lacking(std::string what, const std::string& where, std::string grant) {
  SqlFailure failure;
  failure.error = {base::ErrorKind::conflict, std::move(what), where, std::move(grant)};
  failure.sqlstate = kNoRight;
  return std::unexpected(std::move(failure));
}

class RightsCheck {
 public:
  RightsCheck(SqlAccess& access, Dialect dialect, base::SteadyTime deadline)
      : access_(access), dialect_(dialect), deadline_(deadline) {}

  SqlOutcome<void> general(const std::string& schema) {
    auto has = access_.run_one(general_rights_sql(dialect_, schema), deadline_);
    if (!has) return std::unexpected(std::move(has.error()));
    if (!has->is_true(0, 0)) {
      return lacking("our user may not use the schema", "schema " + quote_identifier(schema),
                     "GRANT USAGE ON SCHEMA " + quote_identifier(schema) + " TO " + user());
    }
    if (!has->is_true(0, 1)) {
      const std::string database = quote_identifier(has->text(0, 2));
      return lacking("our user may not make temporary tables, through which batches go", "database " + database,
                     "GRANT TEMPORARY ON DATABASE " + database + " TO " + user());
    }
    return {};
  }

  // What is missing on each of them, as a GRANT lists it; empty where nothing is.
  SqlOutcome<std::vector<std::string>> missing(const std::vector<std::string>& quoted) {
    auto has = access_.run_one(table_rights_sql(dialect_, quoted), deadline_);
    if (!has) return std::unexpected(std::move(has.error()));
    std::vector<std::string> missing;
    for (std::size_t i = 0; i < quoted.size(); ++i) {
      std::string& rights = missing.emplace_back();
      if (!has->is_true(0, i * kRightsATable)) rights = "SELECT";
      if (!has->is_true(0, i * kRightsATable + 1)) rights += rights.empty() ? "INSERT" : ", INSERT";
    }
    return missing;
  }

  std::string grant(const std::string& rights, const std::string& quoted) {
    return "GRANT " + rights + " ON " + quoted + " TO " + user();
  }

 private:
  std::string user() { return grantee(access_, deadline_); }

  SqlAccess& access_;
  Dialect dialect_;
  base::SteadyTime deadline_;
};

}  // namespace

std::string grantee(SqlAccess& access, base::SteadyTime deadline) {
  auto user = access.run_one("SELECT current_user", deadline);
  if (!user || user->rows() == 0) return "<our user>";
  return quote_identifier(user->text(0, 0));
}

std::string ddl_grant_hint(SqlAccess& access, const TableName& table, std::string_view statement,
                           base::SteadyTime deadline) {
  const std::string user = grantee(access, deadline);
  // Neither dialect has a right to alter or to index that could be granted: it is the owner's.
  const bool is_the_owners = statement.starts_with("ALTER TABLE") || statement.starts_with("CREATE UNIQUE INDEX");
  if (is_the_owners) return "ALTER TABLE " + table.quoted() + " OWNER TO " + user;
  return "GRANT USAGE, CREATE ON SCHEMA " + quote_identifier(table.schema) + " TO " + user;
}

SqlOutcome<void> check_general_rights(SqlAccess& access, Dialect dialect, const std::string& schema,
                                      base::SteadyTime deadline) {
  return RightsCheck(access, dialect, deadline).general(schema);
}

SqlOutcome<std::vector<std::string>> check_rights(SqlAccess& access, Dialect dialect, const TableName& table,
                                                  std::span<const std::string_view> optional,
                                                  base::SteadyTime deadline) {
  RightsCheck check(access, dialect, deadline);
  // First: a table cannot be asked about where its schema may not be used.
  if (auto may = check.general(table.schema); !may) return std::unexpected(std::move(may.error()));
  std::vector<std::string> tables{table.quoted()};
  for (const Sibling& each : siblings_of(dialect, table)) {
    // The writer table is only locked, for which there is no right to ask about.
    if (each.needed && each.name != kWriterTable) tables.push_back(sibling(table, each.name));
  }
  const std::size_t needed = tables.size();
  for (const std::string_view name : optional) tables.push_back(sibling(table, name));
  auto missing = check.missing(tables);
  if (!missing) return std::unexpected(std::move(missing.error()));
  for (std::size_t i = 0; i < needed; ++i) {
    const std::string& rights = missing->at(i);
    if (rights.empty()) continue;
    return lacking("our user lacks the right to " + rights, "table " + tables[i], check.grant(rights, tables[i]));
  }
  std::vector<std::string> grants;
  for (std::size_t i = needed; i < tables.size(); ++i) {
    grants.push_back(missing->at(i).empty() ? std::string() : check.grant(missing->at(i), tables[i]));
  }
  return grants;
}

}  // namespace twinshift::warehouse
