// Reads the JSON that the container endpoint, the instance metadata service and a credential process answer with.
// Any thread; no I/O.
#pragma once

#include <string>
#include <string_view>

#include "aws/credentials.hpp"
#include "base/error.hpp"

namespace twinshift::aws {

struct CredentialJson {
  std::string_view token_name;  // "Token" (container, instance metadata), "SessionToken" (process)
  std::string source;           // becomes Credentials::source
  std::string where;            // for errors: endpoint or command
};

// {"AccessKeyId", "SecretAccessKey", <token_name>, "Expiration"}. Errors (`unavailable`: the other side's fault) quote
// nothing of the text, since it may be a secret.
base::Result<Credentials> read_credential_json(std::string_view text, const CredentialJson& how);

// One member of an object as text ("Code", "Version"; a number in its own spelling); empty where there is none.
std::string json_member(std::string_view text, std::string_view name);

}  // namespace twinshift::aws
