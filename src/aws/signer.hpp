// AWS Signature Version 4 (AWS General Reference, "Signing AWS API requests"). Any thread; no I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/credentials.hpp"
#include "base/clock.hpp"
#include "curl/http_client.hpp"

namespace twinshift::aws {

struct SigningScope {
  std::string region;
  std::string service;  // the signing name: "sqs", "redshift-data", "redshift", "redshift-serverless", "sts", "s3"
};

// Adds Host, X-Amz-Date, X-Amz-Security-Token where there is one, and Authorization; for s3 also
// X-Amz-Content-Sha256. Signs every header that the request has by then. `now`: corrected for the other side's clock.
void sign(curl::Request& request, const Credentials& credentials, const SigningScope& scope, base::WallTime now);

// The parts, for tests.
std::string canonical_request(const curl::Request& request, const SigningScope& scope, std::string_view payload_hash);

}  // namespace twinshift::aws
