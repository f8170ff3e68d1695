// The ways to credentials that every AWS SDK knows, in the order: environment, web identity, profile, container (ECS,
// EKS), instance metadata (IMDSv2). The first that is configured is taken; one that is configured and fails is an
// error, not skipped (AWS SDKs and Tools reference, "Credential provider chain").
//
// Any thread. Making a source does no I/O; its get() does, keeps what it got, and renews it before it ends.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include "aws/credentials.hpp"
#include "aws/environment.hpp"
#include "base/clock.hpp"
#include "curl/http_client.hpp"

namespace twinshift::aws {

struct ChainOptions {
  Environment environment;
  std::shared_ptr<curl::HttpClient> http;
  // Of STS calls; empty: the environment's, else the profile's.
  std::string region;
  // Set by us (SECONDARY_AWS_PROFILE), it wins over everything else: that profile gives credentials or it is an error.
  // Empty: AWS_PROFILE, else "default" where a file has it.
  std::string profile;
  const base::Clock* clock = &base::system_clock();
  // Ends what waits for a metadata service, STS or a credential process.
  std::stop_token stop = {};
};

std::shared_ptr<CredentialSource> make_credential_chain(ChainOptions options);

// A role taken with the credentials of `base` (sts:AssumeRole), renewed before it ends.
struct RoleOptions {
  std::shared_ptr<CredentialSource> base;
  std::string role_arn;
  std::string external_id;  // empty: none
  std::string session_name = "twinshift";
  std::chrono::seconds duration{0};  // 0: what the role says, mostly an hour
  // STS: region, AWS_ENDPOINT_URL_STS, profile, http, clock, stop.
  ChainOptions surroundings;
};
std::shared_ptr<CredentialSource> assume_role(RoleOptions options);

}  // namespace twinshift::aws
