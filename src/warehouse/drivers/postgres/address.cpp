#include "warehouse/drivers/postgres/address.hpp"

#include <utility>

namespace twinshift::warehouse {

base::Result<Address> read_address(const PostgresWarehouseOptions& options) {
  auto parameters = pg::parse_url(options.url, options.password_file);
  if (!parameters) {
    parameters.error().where = options.target + ", " + parameters.error().where;
    return base::fail(std::move(parameters.error()));
  }
  auto table = parse_table_name(options.table);
  if (!table) return base::fail(std::move(table.error()));
  const Dialect dialect = dialect_of(*parameters);
  return Address{std::move(*parameters), std::move(*table), dialect};
}

SessionLimits limits_of(const PostgresWarehouseOptions& options) {
  return {options.connect_timeout, options.statement_timeout, options.attempt_timeout};
}

}  // namespace twinshift::warehouse
