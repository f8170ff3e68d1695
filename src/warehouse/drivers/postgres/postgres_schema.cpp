#include "warehouse/drivers/postgres/postgres_schema.hpp"

#include <utility>

#include "warehouse/drivers/postgres/physical_reader.hpp"
#include "warehouse/drivers/postgres/session.hpp"
#include "warehouse/drivers/postgres/table_reader.hpp"
#include "warehouse/drivers/postgres/table_setup.hpp"
#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/describe.hpp"

namespace twinshift::warehouse {
namespace {

class PostgresSchema final : public SchemaAccess {
 public:
  PostgresSchema(PostgresWarehouseOptions options, pg::Parameters parameters, TableName table)
      : options_(std::move(options)),
        parameters_(std::move(parameters)),
        table_(std::move(table)),
        dialect_(dialect_of(parameters_)) {}

  [[nodiscard]] std::string ddl() const override { return schema_text(dialect_, table_); }

  base::Result<SchemaDescription> describe() override {
    auto connection = connect();
    if (!connection) return base::fail(told(std::move(connection.error())));
    auto description = describe_on(*connection);
    if (!description) return base::fail(told(std::move(description.error())));
    return std::move(*description);
  }

  base::Status apply(const StatementHeard& heard) override {
    auto connection = connect();
    if (!connection) return base::fail(told(std::move(connection.error())));
    const SetupOptions setup{dialect_, true, options_.target, heard};
    auto layout = set_up_table(*connection, table_, setup, deadline());
    if (!layout) return base::fail(told(std::move(layout.error())));
    return {};
  }

 private:
  pg::Outcome<pg::Connection> connect() {
    return open_session(parameters_, {options_.connect_timeout, options_.statement_timeout, options_.attempt_timeout});
  }
  [[nodiscard]] base::SteadyTime deadline() const { return deadline_after(options_.attempt_timeout); }

  [[nodiscard]] base::Error told(pg::Failure failure) const {
    failure.error.where = options_.target + ", " + failure.error.where;
    return std::move(failure.error);
  }

  pg::Outcome<SchemaDescription> describe_on(pg::Connection& connection) {
    DescribeInput input{
        .dialect = dialect_, .target = options_.target, .table = {}, .real = {}, .physical = {}, .siblings_there = {}};
    auto located = locate(connection, dialect_, table_, deadline());
    if (!located) return std::unexpected(std::move(located.error()));
    input.table = std::move(*located);
    auto real = read_table(connection, dialect_, input.table, deadline());
    if (!real) return std::unexpected(std::move(real.error()));
    input.real = std::move(*real);
    for (const std::string& name : sibling_names(dialect_)) {
      auto there = table_exists(connection, dialect_, {input.table.schema, name}, deadline());
      if (!there) return std::unexpected(std::move(there.error()));
      if (*there) input.siblings_there.push_back(name);
    }
    if (dialect_ == Dialect::redshift && input.real.exists) {
      auto physical = read_physical(connection, input.table, deadline());
      if (!physical) return std::unexpected(std::move(physical.error()));
      input.physical = std::move(*physical);
    }
    SchemaDescription description = describe_table(input);
    if (input.real.exists && input.real.is_table) count_foreign(connection, input, description);
    return description;
  }

  // Reads all of a table that has no event_id; a limit that this meets leaves the rest of the answer whole.
  void count_foreign(pg::Connection& connection, const DescribeInput& input, SchemaDescription& description) {
    const bool has_id = input.real.find("event_id") != nullptr;
    const std::string sql = "SELECT count(*) FROM " + input.table.quoted() + (has_id ? " WHERE event_id IS NULL" : "");
    auto counted = connection.run_one(sql, {}, deadline());
    if (counted && counted->rows() > 0) {
      description.foreign_rows = static_cast<std::uint64_t>(counted->integer(0, 0));
      return;
    }
    description.not_counted = counted ? "the server did not say" : counted.error().error.message;
    if (!counted && counted.error().sqlstate == "42501") {
      description.not_counted += "; GRANT SELECT ON " + input.table.quoted() + " to our user";
    }
  }

  PostgresWarehouseOptions options_;
  pg::Parameters parameters_;
  TableName table_;
  Dialect dialect_;
};

}  // namespace

base::Result<std::unique_ptr<SchemaAccess>> open_postgres_schema(PostgresWarehouseOptions options) {
  auto parameters = pg::parse_url(options.url, options.password_file);
  if (!parameters) {
    parameters.error().where = options.target + ", " + parameters.error().where;
    return base::fail(std::move(parameters.error()));
  }
  auto table = parse_table_name(options.table);
  if (!table) return base::fail(std::move(table.error()));
  return std::make_unique<PostgresSchema>(std::move(options), std::move(*parameters), std::move(*table));
}

}  // namespace twinshift::warehouse
