// `twinshift schema` through the Data API.
#include <utility>

#include "warehouse/drivers/redshift_data/open_session.hpp"
#include "warehouse/drivers/redshift_data/redshift_data_warehouse.hpp"
#include "warehouse/schema/server_schema.hpp"

namespace twinshift::warehouse {
namespace {

// One session for all calls: what it has learnt of the endpoint's limits holds for the next one, too.
struct OwnSession {
  explicit OwnSession(RedshiftDataOptions options_in) : options(std::move(options_in)) {}
  const RedshiftDataOptions options;
  const std::unique_ptr<DataSession> session = open_data_session(options);
};

}  // namespace

base::Result<std::unique_ptr<SchemaAccess>> open_redshift_data_schema(RedshiftDataOptions options) {
  auto name = check_options(options);
  if (!name) return base::fail(std::move(name.error()));
  ServerTable table{.dialect = Dialect::redshift,
                    .table = std::move(*name),
                    .target = options.target,
                    .attempt_timeout = options.attempt_timeout,
                    .has_transactions = false,
                    .clock = options.clock};
  const auto own = std::make_shared<const OwnSession>(std::move(options));
  return make_server_schema(std::move(table), [own]() -> SqlOutcome<std::shared_ptr<SqlAccess>> {
    return std::shared_ptr<SqlAccess>(own, own->session.get());
  });
}

}  // namespace twinshift::warehouse
