// A role taken with other credentials: sts:AssumeRole.
#pragma once

#include <memory>

#include "aws/credential_fetcher.hpp"
#include "aws/sts.hpp"

namespace twinshift::aws {

// Errors: those of make_sts_client.
base::Result<std::unique_ptr<CredentialFetcher>> role_fetcher(const ChainOptions& surroundings, Role role,
                                                              std::shared_ptr<CredentialSource> base);

}  // namespace twinshift::aws
