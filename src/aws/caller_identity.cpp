#include "aws/caller_identity.hpp"

#include <utility>

#include "aws/xml_text.hpp"

namespace twinshift::aws {

Outcome<Caller> caller_identity(Client& sts, std::chrono::milliseconds timeout) {
  auto answer = sts.call({.operation = "GetCallerIdentity", .body = {}, .timeout = timeout, .tries_max = 1});
  if (!answer) return std::unexpected(std::move(answer.error()));
  const std::string path = "GetCallerIdentityResponse/GetCallerIdentityResult/";
  auto arn = xml_text(answer->body, path + "Arn");
  if (arn && !arn->empty()) return Caller{std::move(*arn), xml_text(answer->body, path + "Account").value_or("")};
  Failure failure;
  failure.error = {base::ErrorKind::unavailable, "An STS answer without an ARN",
                   "sts:GetCallerIdentity, " + sts.options().endpoint,
                   "Check the STS endpoint, and what answers in its place"};
  return std::unexpected(std::move(failure));
}

}  // namespace twinshift::aws
