#include "config/target_input.hpp"

namespace twinshift::config {
namespace {

constexpr std::string_view kRegionDefault = "us-east-1";
constexpr std::string_view kTableDefault = "appsflyer_events";

std::string first_of(std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) {
    if (!text.empty()) return std::string(text);
  }
  return {};
}

}  // namespace

std::string TargetInput::chosen_by() const {
  if (!url.empty()) return url_variable;
  if (!target.cluster_identifier.empty()) return prefix + "REDSHIFT_CLUSTER_IDENTIFIER";
  return target.workgroup_name.empty() ? std::string() : prefix + "REDSHIFT_WORKGROUP_NAME";
}

TargetInput primary_input(const Settings& settings) {
  TargetInput input{"primary", "", "PRIMARY_WAREHOUSE_URL", settings.primary_warehouse_url, {}};
  TargetSettings& target = input.target;
  target.name = input.name;
  target.table = settings.redshift_table_name;
  target.password_file = settings.primary_warehouse_password_file;
  target.region = first_of({settings.aws_region, settings.aws_default_region, kRegionDefault});
  target.region_given = !settings.aws_region.empty() || !settings.aws_default_region.empty();
  target.endpoint = settings.redshift_endpoint;
  target.secret_arn = settings.redshift_secret_arn;
  target.cluster_identifier = settings.redshift_cluster_identifier;
  target.workgroup_name = settings.redshift_workgroup_name;
  target.database = settings.redshift_database;
  target.db_user = settings.redshift_db_user;
  target.statement_timeout = settings.redshift_statement_timeout;
  target.retries_max = settings.redshift_max_retries;
  return input;
}

TargetInput secondary_input(const Settings& settings) {
  TargetInput input{"secondary", "SECONDARY_", "SECONDARY_WAREHOUSE_URL", settings.secondary_warehouse_url, {}};
  TargetSettings& target = input.target;
  target.name = input.name;
  // Two embedded warehouses are one set-up and share a table name; a secondary of its own has the guide's default.
  const bool both_embedded = !input.configured() && settings.secondary_redshift_cluster_identifier.empty() &&
                             settings.secondary_redshift_workgroup_name.empty();
  target.table = first_of({settings.secondary_redshift_table_name,
                           both_embedded ? std::string_view(settings.redshift_table_name) : kTableDefault});
  target.password_file = settings.secondary_warehouse_password_file;
  target.region =
      first_of({settings.secondary_aws_region, settings.aws_region, settings.aws_default_region, kRegionDefault});
  target.region_given =
      !settings.secondary_aws_region.empty() || !settings.aws_region.empty() || !settings.aws_default_region.empty();
  target.secret_arn = settings.secondary_redshift_secret_arn;
  target.aws_profile = settings.secondary_aws_profile;
  target.role_arn = settings.secondary_aws_role_arn;
  target.role_external_id = settings.secondary_aws_role_external_id;
  target.endpoint = settings.secondary_redshift_endpoint;
  target.cluster_identifier = settings.secondary_redshift_cluster_identifier;
  target.workgroup_name = settings.secondary_redshift_workgroup_name;
  target.database = settings.secondary_redshift_database;
  target.db_user = settings.secondary_redshift_db_user;
  target.statement_timeout = settings.secondary_redshift_statement_timeout;
  target.retries_max = settings.secondary_redshift_max_retries;
  return input;
}

}  // namespace twinshift::config
