#include "app/drivers_postgres.hpp"

#include <algorithm>

#include "app/instance_name.hpp"
#include "warehouse/drivers/postgres/postgres_schema.hpp"
#include "warehouse/drivers/postgres/postgres_warehouse.hpp"

namespace twinshift::app {
namespace {

// The guide's pause between two looks at a statement; REDSHIFT_MAX_RETRIES counts them.
constexpr std::chrono::milliseconds kRetryWait{2'000};
constexpr std::chrono::milliseconds kConnectMax{10'000};

warehouse::PostgresWarehouseOptions options_for(const config::Settings& settings,
                                                const config::TargetSettings& target) {
  warehouse::PostgresWarehouseOptions options;
  options.url = target.url;
  options.password_file = target.password_file;
  options.table = target.table;
  options.target = target.name;
  options.instance = instance_name();
  options.schema_apply = settings.schema_apply;
  options.statement_timeout = target.statement_timeout;
  options.attempt_timeout = kRetryWait * std::max<std::int64_t>(1, target.retries_max);
  options.connect_timeout = std::min(kConnectMax, options.attempt_timeout);
  return options;
}

}  // namespace

base::Result<std::unique_ptr<warehouse::Warehouse>> open_postgres_warehouse_driver(
    const config::Settings& settings, const config::TargetSettings& target) {
  return warehouse::open_postgres_warehouse(options_for(settings, target));
}

base::Result<std::unique_ptr<warehouse::SchemaAccess>> open_postgres_schema_driver(
    const config::Settings& settings, const config::TargetSettings& target) {
  return warehouse::open_postgres_schema(options_for(settings, target));
}

}  // namespace twinshift::app
