// Credentials of a task (ECS) or pod (EKS Pod Identity), from an endpoint beside it (AWS SDKs and Tools reference,
// "Container credential provider").
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "aws/credential_chain.hpp"
#include "aws/credential_fetcher.hpp"

namespace twinshift::aws {

inline constexpr std::chrono::seconds kContainerTimeout{2};  // of one try
inline constexpr int kContainerTriesMax = 3;
inline constexpr std::chrono::milliseconds kContainerPause{200};  // before the second try; doubled before the third

// May the task's token be sent there? Over https anywhere; over http to this machine, to ECS's 169.254.170.2 and EKS's
// 169.254.170.23 and fd00:ec2::23 only, by their numbers or as "localhost".
bool is_container_url(std::string_view url);

// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI (below http://169.254.170.2), else AWS_CONTAINER_CREDENTIALS_FULL_URI, with
// AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE (read at each fetch) or AWS_CONTAINER_AUTHORIZATION_TOKEN as its
// Authorization. Null where neither URI is set.
MaybeFetcher container_fetcher(const ChainOptions& surroundings);

}  // namespace twinshift::aws
