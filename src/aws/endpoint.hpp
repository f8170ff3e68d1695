// In which region, and at which host, a service is called. Any thread; both read AWS's shared files where the
// environment does not settle it.
#pragma once

#include <string>
#include <string_view>

#include "aws/client.hpp"
#include "aws/environment.hpp"
#include "base/error.hpp"

namespace twinshift::aws {

// AWS_REGION, AWS_DEFAULT_REGION, the profile's (`profile`, else AWS_PROFILE, else "default"); empty where none says.
// Errors (`invalid`): what is no region's name, since it becomes part of a host's; a shared file that cannot be read.
base::Result<std::string> region_of(const Environment& environment, std::string_view profile = {});

// In this order: `explicit_url`; AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the profile's `services` section, its
// `endpoint_url` (these four unless AWS_IGNORE_CONFIGURED_ENDPOINT_URLS or the profile's
// ignore_configured_endpoint_urls is "true"); https://<prefix>.<region>.amazonaws.com (.amazonaws.com.cn in China).
// Without a '/' at its end. AWS_ENDPOINT_URL* hold for the whole process: two clusters need explicit ones.
// Errors (`invalid`): what is no http(s) URL, holds a user or a query; no region where one is needed.
base::Result<std::string> endpoint_of(const Service& service, std::string_view region, std::string_view explicit_url,
                                      const Environment& environment, std::string_view profile = {});

}  // namespace twinshift::aws
