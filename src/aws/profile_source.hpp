// Credentials by a profile of AWS's shared files: keys, a role with a source, a web identity, a process.
#pragma once

#include <string_view>

#include "aws/credential_chain.hpp"
#include "aws/credential_fetcher.hpp"

namespace twinshift::aws {

// Roles that lead to each other's profiles; AWS itself allows fewer.
inline constexpr std::size_t kProfileChainMax = 8;

// The profile that surroundings.profile, AWS_PROFILE or "default" names, read from the files now. Null where no file
// has a default profile, or where the profile says nothing of credentials and was not named by surroundings.profile.
// Errors (`invalid`): a named profile that no file has; a half-set, looping or interactive one (SSO, MFA, login), with
// what to do instead.
//
// Looked at in this order: role_arn with web_identity_token_file, source_profile or credential_source; keys;
// credential_process. As a source of another profile, its keys come before its role (so botocore).
MaybeFetcher profile_fetcher(const ChainOptions& surroundings);

}  // namespace twinshift::aws
