#include "app/aws_access.hpp"

#include <cstdlib>
#include <utility>

#include "aws/endpoint.hpp"

namespace twinshift::app {
namespace {

constexpr std::string_view kRegionDefault = "us-east-1";

std::shared_ptr<curl::HttpClient> make_http(const config::Settings& settings) {
  return std::make_shared<curl::HttpClient>(curl::HttpClientOptions{.ca_file = settings.aws_ca_bundle});
}

aws::ChainOptions surroundings(const AwsAccess& access) {
  aws::ChainOptions options;
  options.environment = access.environment;
  options.http = access.http;
  options.region = access.region;
  options.profile = access.profile;
  options.stop = access.stop;
  return options;
}

base::Result<AwsAccess> access_by_profile(const config::Settings& settings, const std::string& profile,
                                          const std::string& region, std::stop_token stop) {
  AwsAccess access;
  access.stop = std::move(stop);
  access.http = make_http(settings);
  access.environment = aws_environment(settings);
  access.profile = profile;
  access.region = region;
  if (region.empty()) {
    auto told = aws::region_of(access.environment, profile);
    if (!told) return base::fail(std::move(told.error()));
    access.region = told->empty() ? std::string(kRegionDefault) : std::move(*told);
  }
  access.credentials = aws::make_credential_chain(surroundings(access));
  return access;
}

}  // namespace

aws::Environment aws_environment(const config::Settings& settings) {
  return [variables = settings.aws_variables](std::string_view name) {
    const auto found = variables.find(name);
    if (found != variables.end()) return found->second;
    const char* value = name.starts_with("AWS_") ? nullptr : std::getenv(std::string(name).c_str());
    return std::string(value == nullptr ? "" : value);
  };
}

base::Result<AwsAccess> own_access(const config::Settings& settings, const std::string& region, std::stop_token stop) {
  return access_by_profile(settings, {}, region, std::move(stop));
}

base::Result<AwsAccess> target_access(const config::Settings& settings, const config::TargetSettings& target,
                                      std::stop_token stop) {
  auto access = access_by_profile(settings, target.aws_profile, target.region_given ? target.region : std::string(),
                                  std::move(stop));
  if (!access || target.role_arn.empty()) return access;
  aws::RoleOptions role;
  role.base = access->credentials;
  role.role_arn = target.role_arn;
  role.external_id = target.role_external_id;
  role.surroundings = surroundings(*access);
  access->credentials = aws::assume_role(std::move(role));
  return access;
}

base::Result<std::shared_ptr<aws::Client>> make_client(const AwsAccess& access, const aws::Service& service,
                                                       std::string_view endpoint, std::string subject) {
  auto url = aws::endpoint_of(service, access.region, endpoint, access.environment, access.profile);
  if (!url) return base::fail(std::move(url.error()));
  aws::ClientOptions options;
  options.service = service;
  options.region = access.region;
  options.endpoint = std::move(*url);
  options.subject = std::move(subject);
  options.credentials = access.credentials;
  options.http = access.http;
  return std::make_shared<aws::Client>(std::move(options));
}

QueuePlace place_of_queue(std::string_view queue_url) {
  const std::size_t scheme = queue_url.find("://");
  const std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t end = std::min(queue_url.find('/', begin), queue_url.size());
  const std::string_view host = queue_url.substr(begin, end - begin);
  const bool public_host = host.starts_with("sqs.") && host.find(".amazonaws.com") != std::string_view::npos &&
                           host.find(".vpce.") == std::string_view::npos;
  if (public_host) {
    const std::string_view rest = host.substr(std::string_view("sqs.").size());
    return {std::string(rest.substr(0, rest.find('.'))), {}};
  }
  // The older names, "us-east-1.queue.amazonaws.com", are the public service too.
  if (const std::size_t older = host.find("queue.amazonaws.com"); older != std::string_view::npos) {
    return {std::string(older == 0 ? std::string_view("us-east-1") : host.substr(0, older - 1)), {}};
  }
  return {{}, std::string(queue_url.substr(0, end))};
}

}  // namespace twinshift::app
