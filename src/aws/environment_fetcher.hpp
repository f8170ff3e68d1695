// Keys in variables: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN (formerly AWS_SECURITY_TOKEN),
// AWS_CREDENTIAL_EXPIRATION. Any thread.
#pragma once

#include "aws/credential_fetcher.hpp"
#include "aws/environment.hpp"

namespace twinshift::aws {

// Null where neither key is set; one without the other is an error.
MaybeFetcher environment_fetcher(const Environment& environment);

}  // namespace twinshift::aws
