// Who AWS takes us for: sts:GetCallerIdentity, which needs no right (STS API reference). Any thread; blocks its caller
// for the call's time.
#pragma once

#include <chrono>
#include <string>

#include "aws/client.hpp"
#include "aws/failure.hpp"

namespace twinshift::aws {

struct Caller {
  std::string arn;      // "arn:aws:sts::123456789012:assumed-role/twinshift/session"
  std::string account;  // "123456789012"
};

// One try; `sts` is a client of kSts.
Outcome<Caller> caller_identity(Client& sts, std::chrono::milliseconds timeout);

}  // namespace twinshift::aws
