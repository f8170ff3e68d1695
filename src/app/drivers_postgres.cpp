#include "app/drivers_postgres.hpp"

#include <algorithm>
#include <utility>

#include "app/aws_access.hpp"
#include "app/instance_name.hpp"
#include "aws/redshift_login.hpp"
#include "warehouse/drivers/postgres/postgres_schema.hpp"
#include "warehouse/drivers/postgres/postgres_warehouse.hpp"

namespace twinshift::app {
namespace {

// The guide's pause between two looks at a statement; REDSHIFT_MAX_RETRIES counts them.
constexpr std::chrono::milliseconds kRetryWait{2'000};
constexpr std::chrono::milliseconds kConnectMax{10'000};

base::Result<warehouse::LoginSource> iam_login(const config::Settings& settings, const config::TargetSettings& target,
                                               std::stop_token stop) {
  auto access = target_access(settings, target, std::move(stop));
  if (!access) return base::fail(std::move(access.error()));
  aws::RedshiftLoginOptions options;
  options.cluster = target.cluster_identifier;
  options.workgroup = target.workgroup_name;
  options.database = target.database;
  options.user = target.db_user;
  options.subject = target.name + " Redshift";
  options.region = access->region;
  options.profile = access->profile;
  options.environment = access->environment;
  options.credentials = access->credentials;
  options.http = access->http;
  options.stop = access->stop;
  auto logins = std::make_shared<aws::RedshiftLogin>(std::move(options));
  return warehouse::LoginSource{.get = [logins]() -> base::Result<warehouse::Login> {
                                  auto login = logins->get();
                                  if (!login) return base::fail(std::move(login.error()));
                                  return warehouse::Login{std::move(login->user), std::move(login->password)};
                                },
                                .refuse = [logins] { logins->refuse(); }};
}

base::Result<warehouse::PostgresWarehouseOptions> options_for(const config::Settings& settings,
                                                              const config::TargetSettings& target,
                                                              std::stop_token stop) {
  warehouse::PostgresWarehouseOptions options;
  options.url = target.url;
  if (target.iam_login) {
    auto login = iam_login(settings, target, std::move(stop));
    if (!login) return base::fail(std::move(login.error()));
    options.login = std::move(*login);
  }
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

base::Result<std::unique_ptr<warehouse::Warehouse>> open_postgres_warehouse_driver(const config::Settings& settings,
                                                                                   const config::TargetSettings& target,
                                                                                   std::stop_token stop) {
  auto options = options_for(settings, target, std::move(stop));
  if (!options) return base::fail(std::move(options.error()));
  return warehouse::open_postgres_warehouse(std::move(*options));
}

base::Result<std::unique_ptr<warehouse::SchemaAccess>> open_postgres_schema_driver(
    const config::Settings& settings, const config::TargetSettings& target) {
  auto options = options_for(settings, target, {});
  if (!options) return base::fail(std::move(options.error()));
  return warehouse::open_postgres_schema(std::move(*options));
}

}  // namespace twinshift::app
