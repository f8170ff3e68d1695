#include "warehouse/drivers/postgres/postgres_schema.hpp"

#include <utility>

#include "warehouse/drivers/postgres/address.hpp"
#include "warehouse/drivers/postgres/pg_access.hpp"
#include "warehouse/schema/server_schema.hpp"

namespace twinshift::warehouse {
namespace {

struct OwnConnection {
  explicit OwnConnection(pg::Connection made) : connection(std::move(made)) {}
  pg::Connection connection;
  PgAccess access{connection};
};

SqlOutcome<std::shared_ptr<SqlAccess>> connect(const Address& address, const PostgresWarehouseOptions& options) {
  auto connection = open_session(address.parameters, limits_of(options), options.login);
  if (!connection) return std::unexpected(sql_failure(std::move(connection.error())));
  auto own = std::make_shared<OwnConnection>(std::move(*connection));
  return std::shared_ptr<SqlAccess>(own, &own->access);
}

}  // namespace

base::Result<std::unique_ptr<SchemaAccess>> open_postgres_schema(PostgresWarehouseOptions options) {
  auto address = read_address(options);
  if (!address) return base::fail(std::move(address.error()));
  ServerTable table{.dialect = address->dialect,
                    .table = address->table,
                    .target = options.target,
                    .attempt_timeout = options.attempt_timeout};
  return make_server_schema(std::move(table), [address = std::move(*address), options = std::move(options)] {
    return connect(address, options);
  });
}

}  // namespace twinshift::warehouse
