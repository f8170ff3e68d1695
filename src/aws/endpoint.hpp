// Which host a service is called at. Any thread; no I/O but that of `environment`.
#pragma once

#include <string>
#include <string_view>

#include "aws/client.hpp"
#include "aws/credential_chain.hpp"

namespace twinshift::aws {

// In this order: `explicit_url`, AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL (both unless
// AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true), https://<prefix>.<region>.amazonaws.com (.amazonaws.com.cn in China).
std::string endpoint_of(const Service& service, std::string_view region, std::string_view explicit_url,
                        const Environment& environment);

}  // namespace twinshift::aws
