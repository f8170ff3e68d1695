#include "warehouse/drivers/redshift_data/open_session.hpp"

#include <utility>

#include "warehouse/option_name.hpp"

namespace twinshift::warehouse {
namespace {

std::unexpected<base::Error> refuse(const RedshiftDataOptions& options, std::string message, std::string hint) {
  return base::fail(base::ErrorKind::invalid, std::move(message), options.target + " Redshift", std::move(hint));
}

}  // namespace

base::Result<TableName> check_options(const RedshiftDataOptions& options) {
  if (options.client == nullptr) return refuse(options, "there is no client for the Data API", "");
  if (options.cluster_identifier.empty() && options.workgroup_name.empty() && options.secret_arn.empty()) {
    return refuse(options, "it is not said which cluster or workgroup is meant",
                  "Set " + option_name(options.target, "REDSHIFT_CLUSTER_IDENTIFIER") + " or " +
                      option_name(options.target, "REDSHIFT_WORKGROUP_NAME"));
  }
  if (!options.cluster_identifier.empty() && !options.workgroup_name.empty()) {
    return refuse(options, "both a cluster and a workgroup are named", "Set only one of them");
  }
  if (options.database.empty())
    return refuse(options, "the database has no name", "Set " + option_name(options.target, "REDSHIFT_DATABASE"));
  if (options.calls_per_second_max <= 0) {
    return refuse(options, "no call a second is allowed", "Set a number above 0");
  }
  return parse_table_name(options.table);
}

std::unique_ptr<DataSession> open_data_session(const RedshiftDataOptions& options) {
  DataApiPlace place{options.cluster_identifier, options.workgroup_name, options.database, options.db_user,
                     options.secret_arn};
  auto api = make_data_api(options.client, std::move(place), options.calls_per_second_max);
  return std::make_unique<DataSession>(options, std::move(api), sleeping_pause());
}

}  // namespace twinshift::warehouse
