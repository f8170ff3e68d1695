#include "app/doctor_endpoint.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "app/doctor_aws.hpp"
#include "aws/services.hpp"
#include "pg/parameters.hpp"
#include "warehouse/option_name.hpp"

namespace twinshift::app {
namespace {

std::string value_of(const pg::Parameters& parameters, const char* name, const char* preset) {
  const auto found = parameters.values.find(name);
  return found == parameters.values.end() || found->second.empty() ? preset : found->second;
}

Host host_of(const pg::Parameters& parameters, std::string subject) {
  Host host;
  host.name = value_of(parameters, "hostaddr", value_of(parameters, "host", "").c_str());
  host.port = value_of(parameters, "port", "5432");
  host.sslmode = value_of(parameters, "sslmode", "");
  host.subject = std::move(subject);
  return host;
}

constexpr std::array<std::string_view, 9> kDirections = {"north",     "south",     "east",      "west",     "central",
                                                         "northeast", "northwest", "southeast", "southwest"};

// "us-east-1", "us-gov-west-1": two letters, words of which the last is a direction, a digit.
bool is_region_label(std::string_view label) {
  if (label.size() < 9 || label[2] != '-' || label[label.size() - 2] != '-') return false;
  const char digit = label.back();
  if (digit < '1' || digit > '9') return false;
  for (const char c : label.substr(0, label.size() - 1)) {
    if (c != '-' && (c < 'a' || c > 'z')) return false;
  }
  const std::string_view words = label.substr(0, label.size() - 2);
  return std::ranges::find(kDirections, words.substr(words.rfind('-') + 1)) != kDirections.end();
}

}  // namespace

std::string region_in(std::string_view host) {
  if (host.find(".amazonaws.com") == std::string_view::npos) return {};
  while (!host.empty()) {
    const std::string_view label = host.substr(0, host.find('.'));
    if (is_region_label(label)) return std::string(label);
    host.remove_prefix(std::min(host.size(), label.size() + 1));
  }
  return {};
}

base::Result<TargetWay> way_to(const config::Settings& settings, const config::TargetSettings& target) {
  TargetWay way;
  const std::string subject = target.name + (target.url.starts_with("postgres") ? " PostgreSQL" : " Redshift");
  if (target.driver == "sqlite") {
    way.endpoint = target.path.string();
    return way;
  }
  if (is_on_aws(target)) {
    auto access = target_access(settings, target, {});
    if (!access) return base::fail(std::move(access.error()));
    way.access = std::move(*access);
  }
  if (target.driver == "redshift_data") {
    auto client = make_client(*way.access, aws::kRedshiftData, target.endpoint, subject);
    if (!client) return base::fail(std::move(client.error()));
    way.endpoint = (*client)->options().endpoint;
    way.host = host_of_url(way.endpoint);
    way.host.subject = subject;
    way.host.ca_file = settings.aws_ca_bundle;
    way.host.by_proxy = has_proxy() && way.host.speaks == Speaks::https;
    return way;
  }
  auto parameters = pg::parse_url(target.url, target.password_file);
  if (!parameters) return base::fail(std::move(parameters.error()));
  way.endpoint = parameters->where;
  way.host = host_of(*parameters, subject);
  return way;
}

Finding check_endpoint(const config::TargetSettings& target, const std::string& endpoint) {
  const std::string host_region = region_in(endpoint);
  const std::string region_option =
      target.name == "secondary" ? std::string("SECONDARY_AWS_REGION") : std::string("AWS_REGION");
  if (is_on_aws(target) && !host_region.empty() && !target.region.empty() && host_region != target.region) {
    return failure(fmt::format("{} is in {}, the settings say {}", endpoint, host_region, target.region),
                   "AWS refuses what is signed for another region, and a cluster's name means another cluster there",
                   fmt::format("Set {} to {}, or {} to an endpoint in {}", region_option, host_region,
                               warehouse::option_name(target.name, "REDSHIFT_ENDPOINT"), target.region));
  }
  if (target.driver == "sqlite") return good("SQLite file " + endpoint);
  if (target.driver == "redshift_data") {
    return good(fmt::format("the Redshift Data API at {}: {}", endpoint, target.shown));
  }
  if (target.iam_login) {
    return good(
        fmt::format("a cluster's own host or a Redshift-managed VPC endpoint: over the wire at {}, not by the "
                    "Data API; password for an hour from AWS",
                    endpoint));
  }
  return good((target.url.starts_with("redshift:") ? "Redshift over the wire at " : "PostgreSQL at ") + endpoint);
}

}  // namespace twinshift::app
