// Asking a metadata service near by: never through a proxy, bounded, and told about in words. Any thread.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "curl/http_client.hpp"

namespace twinshift::aws {

inline constexpr std::size_t kMetadataBytesMax = 65'536;

// No proxy, and a bound on the answer. `timeout` holds for connecting, too.
curl::Request metadata_request(std::string method, std::string url, std::chrono::milliseconds timeout);

// "does not answer (connection refused)": without URL, header or body.
std::string said(const curl::Failure& failure);

}  // namespace twinshift::aws
