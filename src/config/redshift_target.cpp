#include "config/redshift_target.hpp"

#include <fmt/format.h>

#include "config/text.hpp"

namespace twinshift::config {
namespace {

constexpr std::string_view kWireScheme = "redshift://";
constexpr std::string_view kDataScheme = "redshift-data://";
constexpr std::string_view kWirePort = ":5439";

const std::string& thing_of(const TargetSettings& target) {
  return target.cluster_identifier.empty() ? target.workgroup_name : target.cluster_identifier;
}

// "cluster/database in region", and as whom: what tells two targets apart.
std::string shown_as(const TargetSettings& target) {
  std::string shown = fmt::format("{}/{} in {}", thing_of(target), target.database, target.region);
  if (!target.role_arn.empty()) shown += " as " + target.role_arn;
  if (!target.aws_profile.empty()) shown += " by profile " + target.aws_profile;
  return shown;
}

struct Place {
  std::string host;  // with its port where one stands there
  std::string parameters;
};

Place place_of(std::string_view endpoint) {
  const std::size_t scheme = endpoint.find("://");
  if (scheme != std::string_view::npos) endpoint.remove_prefix(scheme + 3);
  const std::size_t question = endpoint.find('?');
  const std::string_view host = endpoint.substr(0, endpoint.find_first_of("/?#"));
  const std::string_view parameters =
      question == std::string_view::npos ? std::string_view() : endpoint.substr(question);
  return {std::string(host), std::string(parameters)};
}

// The endpoint's own port is the Data API's (443), unless it is said to be the wire's.
std::string wire_host(const TargetSettings& target, const Place& place) {
  const std::size_t port = place.host.rfind(':');
  if (port == std::string::npos) return place.host + std::string(kWirePort);
  if (target.endpoint.starts_with(kWireScheme) || place.host.substr(port) != ":443") return place.host;
  return place.host.substr(0, port) + std::string(kWirePort);
}

void use_wire(TargetInput& input, Findings& findings) {
  TargetSettings& target = input.target;
  const Place place = place_of(target.endpoint);
  const std::string host = wire_host(target, place);
  target.driver = "postgres";
  target.iam_login = true;
  target.url = fmt::format("{}{}/{}{}", kWireScheme, host, target.database, place.parameters);
  target.shown = shown_as(target) + " at " + host;
  findings.notes.push_back(
      fmt::format("{}REDSHIFT_ENDPOINT {}: the {} is reached over Redshift's wire protocol at {} with a temporary "
                  "password from AWS",
                  input.prefix,
                  target.endpoint.starts_with(kWireScheme)
                      ? "says the wire"
                      : "is a cluster's own or a Redshift-managed VPC endpoint, where no Data API listens",
                  input.name, host));
}

void check_parts(const TargetInput& input, Findings& findings) {
  const TargetSettings& target = input.target;
  if (!target.cluster_identifier.empty() && !target.workgroup_name.empty()) {
    findings.fault(
        fmt::format("{0}REDSHIFT_CLUSTER_IDENTIFIER and {0}REDSHIFT_WORKGROUP_NAME are both set: "
                    "set the one that the warehouse is",
                    input.prefix));
  }
  if (target.database.empty()) {
    findings.fault(
        fmt::format("{} is set, but {}REDSHIFT_DATABASE is not: name the database", input.chosen_by(), input.prefix));
  }
  if (!target.db_user.empty() && !target.secret_arn.empty()) {
    findings.fault(fmt::format(
        "{0}REDSHIFT_DB_USER and {0}REDSHIFT_SECRET_ARN are both set: the secret names the user, unset one of them",
        input.prefix));
  }
  if (!target.workgroup_name.empty() && !target.db_user.empty()) {
    findings.warnings.push_back(fmt::format(
        "{}REDSHIFT_DB_USER has no effect with a workgroup: Serverless logs in the IAM identity itself", input.prefix));
  }
}

// One parameter of a redshift-data URL; false where there is no such.
bool take_parameter(TargetSettings& target, std::string_view name, std::string_view value) {
  if (name == "region") {
    target.region = value;
    target.region_given = true;
  } else if (name == "endpoint") {
    target.endpoint = value;
  } else if (name == "secret_arn") {
    target.secret_arn = value;
  } else if (name == "workgroup" && value == "true") {
    std::swap(target.workgroup_name, target.cluster_identifier);
  } else {
    return false;
  }
  return true;
}

}  // namespace

void use_redshift_variables(TargetInput& input, Findings& findings) {
  check_parts(input, findings);
  if (input.target.endpoint.starts_with(kWireScheme) || speaks_wire_only(input.target.endpoint)) {
    if (!input.target.secret_arn.empty()) {
      findings.fault(fmt::format(
          "{0}REDSHIFT_SECRET_ARN cannot be used over the wire: unset it, or set {1} with a password of the database",
          input.prefix, input.url_variable));
    }
    return use_wire(input, findings);
  }
  input.target.driver = "redshift_data";
  input.target.shown = shown_as(input.target);
}

void use_data_url(TargetInput& input, Findings& findings) {
  TargetSettings& target = input.target;
  std::string_view rest = std::string_view(input.url).substr(kDataScheme.size());
  const std::size_t question = rest.find('?');
  const std::string_view parameters =
      question == std::string_view::npos ? std::string_view() : rest.substr(question + 1);
  rest = rest.substr(0, question);
  target.db_user.clear();
  target.secret_arn.clear();
  target.workgroup_name.clear();
  target.endpoint.clear();
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    target.db_user = rest.substr(0, at);
    rest.remove_prefix(at + 1);
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  target.cluster_identifier = rest.substr(0, slash);
  target.database = slash == rest.size() ? std::string_view() : rest.substr(slash + 1);
  bool known = true;
  for (const std::string_view part : split(parameters, '&')) {
    const std::size_t equals = part.find('=');
    if (part.empty()) continue;
    known = known && equals != std::string_view::npos &&
            take_parameter(target, part.substr(0, equals), part.substr(equals + 1));
  }
  if (!known || thing_of(target).empty() || target.database.empty() || target.db_user.find(':') != std::string::npos) {
    findings.fault(input.url_variable +
                   " must be redshift-data://USER@CLUSTER/DATABASE (without a password), behind '?' region=, "
                   "endpoint=, secret_arn= or workgroup=true");
  }
  target.driver = "redshift_data";
  target.shown = shown_as(target);
}

}  // namespace twinshift::config
