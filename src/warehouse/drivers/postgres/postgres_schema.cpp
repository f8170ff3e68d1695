#include "warehouse/drivers/postgres/postgres_schema.hpp"

#include <utility>

#include "warehouse/drivers/postgres/pg_access.hpp"
#include "warehouse/drivers/postgres/session.hpp"
#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/schema_reader.hpp"
#include "warehouse/schema/table_setup.hpp"

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
    if (!connection) return base::fail(told(std::move(connection.error().error)));
    PgAccess access(*connection);
    auto description = read_description(access, dialect_, table_, options_.target, options_.attempt_timeout);
    if (!description) return base::fail(told(std::move(description.error().error)));
    return std::move(*description);
  }

  base::Status apply(const StatementHeard& heard) override {
    auto connection = connect();
    if (!connection) return base::fail(told(std::move(connection.error().error)));
    const SetupOptions setup{dialect_, true, options_.target, heard};
    PgAccess access(*connection);
    auto layout = set_up_table(access, table_, setup, deadline_after(options_.attempt_timeout));
    if (!layout) return base::fail(told(std::move(layout.error().error)));
    return {};
  }

 private:
  pg::Outcome<pg::Connection> connect() {
    return open_session(parameters_, {options_.connect_timeout, options_.statement_timeout, options_.attempt_timeout},
                        options_.login);
  }

  [[nodiscard]] base::Error told(base::Error error) const {
    error.where = options_.target + ", " + error.where;
    return error;
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
