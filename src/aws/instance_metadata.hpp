// Credentials of an EC2 instance's role, by version 2 of its metadata service (EC2 user guide, "Retrieve security
// credentials from instance metadata").
#pragma once

#include <chrono>

#include "aws/credential_chain.hpp"
#include "aws/credential_fetcher.hpp"

namespace twinshift::aws {

inline constexpr std::chrono::seconds kInstanceMetadataTimeout{1};  // of each of the three requests; one try
inline constexpr std::chrono::seconds kInstanceTokenLife{21'600};

// Off by AWS_EC2_METADATA_DISABLED=true (null then); elsewhere by AWS_EC2_METADATA_SERVICE_ENDPOINT, or at its IPv6
// address by AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6. Whether there is such a service shows at the first fetch
// only.
MaybeFetcher instance_metadata_fetcher(const ChainOptions& surroundings);

}  // namespace twinshift::aws
