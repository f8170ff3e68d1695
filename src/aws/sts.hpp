// What taking a role has in common, whoever asks for it: AWS's Security Token Service. Any thread; the client blocks
// its caller for a call's time.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "aws/client.hpp"
#include "aws/credential_chain.hpp"
#include "aws/failure.hpp"

namespace twinshift::aws {

// For one try; a call makes up to three.
inline constexpr std::chrono::seconds kStsTimeout{5};

struct Role {
  std::string arn;
  // Constant, so that a restarted service is the same user to AWS and sees the statements of the one before.
  std::string session_name = "twinshift";
  std::string external_id;           // empty: none; not for web identities
  std::chrono::seconds duration{0};  // 0: the role's own
  std::string source;                // becomes Credentials::source: "profile analytics"
};

// `base` signs; null: unsigned. Errors (`invalid`): a role that cannot be one, no region, an endpoint that is none.
base::Result<std::unique_ptr<Client>> make_sts_client(const ChainOptions& surroundings, const Role& role,
                                                      std::shared_ptr<CredentialSource> base);

// The role as a Query call's parameters.
std::string role_form(const Role& role);

// Of <operation>Response/<operation>Result/Credentials.
base::Result<Credentials> read_sts_answer(const std::string& xml, const std::string& operation, const Role& role);

// The client's error, with what it cannot know: who the role is for, and what AccessDenied means here.
base::Error sts_error(Failure failure, const Role& role, std::string_view denied_hint);

}  // namespace twinshift::aws
