#include "aws/endpoint.hpp"

#include <algorithm>
#include <utility>

#include "aws/plain_text.hpp"
#include "aws/profile_files.hpp"

namespace twinshift::aws {
namespace {

constexpr std::size_t kRegionLengthMax = 63;  // of a host name's label

bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= kRegionLengthMax && std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || c == '-' || (c >= 'a' && c <= 'z');
  });
}

base::Result<std::string> checked_region(std::string region, std::string where) {
  if (is_region(region)) return region;
  return base::fail(base::ErrorKind::invalid, "Not the name of an AWS region", std::move(where),
                    "Write it as us-east-1 is written");
}

struct Configured {
  std::string url;
  std::string where;  // the variable or the profile
};

Configured in_environment(const Service& service, const Environment& environment) {
  const std::string own = "AWS_ENDPOINT_URL_" + std::string(service.id);
  for (const std::string& name : {own, std::string("AWS_ENDPOINT_URL")}) {
    if (std::string url = environment(name); !url.empty()) return {std::move(url), name};
  }
  return {};
}

std::string of_service(const ProfileFiles& files, const Section& profile, const Service& service) {
  const auto services = files.services.find(profile.get("services"));
  if (services == files.services.end()) return {};
  const auto settings = services->second.nested.find(lower(service.id));
  if (settings == services->second.nested.end()) return {};
  const auto url = settings->second.find("endpoint_url");
  return url == settings->second.end() ? std::string() : url->second;
}

Configured in_profile(const ProfileFiles& files, const Service& service, const std::string& name) {
  const Section* const profile = files.profile(name);
  if (profile == nullptr || is_true(profile->get("ignore_configured_endpoint_urls"))) return {};
  std::string url = of_service(files, *profile, service);
  if (url.empty()) url = profile->get("endpoint_url");
  return {std::move(url), "profile " + name};
}

base::Result<Configured> configured(const Service& service, std::string_view explicit_url,
                                    const Environment& environment, std::string_view profile) {
  if (!explicit_url.empty()) return Configured{std::string(explicit_url), std::string(service.name) + " endpoint"};
  if (is_true(environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))) return Configured{};
  if (Configured found = in_environment(service, environment); !found.url.empty()) return found;
  const auto files = load_profile_files(environment);
  if (!files) return base::fail(files.error());
  return in_profile(*files, service, profile_name(environment, profile));
}

base::Result<std::string> checked_url(const Configured& found) {
  std::string_view url = trimmed(found.url);
  while (url.ends_with('/')) url.remove_suffix(1);
  const bool http = url.starts_with("http://") || url.starts_with("https://");
  const std::string_view rest = http ? url.substr(url.find("://") + 3) : std::string_view();
  const bool plain = std::none_of(rest.begin(), rest.end(), [](char c) {
    return c <= 0x20 || c >= 0x7F || c == '@' || c == '?' || c == '#' || c == '\\';
  });
  if (!rest.empty() && !rest.starts_with('/') && plain) return std::string(url);
  return base::fail(base::ErrorKind::invalid, "Not the URL of an AWS endpoint", found.where,
                    "Write it as https://host or https://host:port, without user, query or blanks");
}

}  // namespace

base::Result<std::string> region_of(const Environment& environment, std::string_view profile) {
  for (const std::string_view name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (std::string region = environment(name); !region.empty())
      return checked_region(std::move(region), std::string(name));
  }
  const auto files = load_profile_files(environment);
  if (!files) return base::fail(files.error());
  const std::string name = profile_name(environment, profile);
  const Section* const section = files->profile(name);
  if (section == nullptr || !section->has("region")) return std::string();
  return checked_region(section->get("region"), "profile " + name);
}

base::Result<std::string> endpoint_of(const Service& service, std::string_view region, std::string_view explicit_url,
                                      const Environment& environment, std::string_view profile) {
  const auto found = configured(service, explicit_url, environment, profile);
  if (!found) return base::fail(found.error());
  if (!found->url.empty()) return checked_url(*found);
  if (region.empty()) {
    return base::fail(base::ErrorKind::invalid, "No AWS region to call " + std::string(service.name) + " in", "aws",
                      "Set AWS_REGION, or `region` in the profile");
  }
  if (auto good = checked_region(std::string(region), std::string(service.name)); !good) return good;
  const std::string_view domain = region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com";
  return "https://" + std::string(service.host_prefix) + '.' + std::string(region) + std::string(domain);
}

}  // namespace twinshift::aws
