// Credentials that a program writes: a profile's `credential_process` (AWS SDKs and Tools reference, "Process
// credential provider").
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "aws/credential_fetcher.hpp"

namespace twinshift::aws {

inline constexpr std::chrono::seconds kCredentialProcessTime{20};

// Runs it at each fetch; it must write {"Version": 1, "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}.
// `source`: becomes Credentials::source. Errors: those of split_command.
base::Result<std::unique_ptr<CredentialFetcher>> process_fetcher(std::string_view command, std::string source);

}  // namespace twinshift::aws
