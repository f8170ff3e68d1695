// A role taken with a token in a file (EKS service accounts): sts:AssumeRoleWithWebIdentity, unsigned, since the token
// is who we are. The file is read at each fetch, as others renew it.
#pragma once

#include <memory>
#include <string>

#include "aws/credential_fetcher.hpp"
#include "aws/sts.hpp"

namespace twinshift::aws {

// Errors: those of make_sts_client.
base::Result<std::unique_ptr<CredentialFetcher>> web_identity_fetcher(const ChainOptions& surroundings, Role role,
                                                                      std::string token_file);

// By AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME; null where the first is not set.
MaybeFetcher web_identity_of_environment(const ChainOptions& surroundings);

}  // namespace twinshift::aws
