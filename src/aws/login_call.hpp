// The three calls that give a database login, as text: what is asked and how the answer reads. Any thread; no I/O.
#pragma once

#include <string>
#include <string_view>

#include "aws/redshift_login.hpp"

namespace twinshift::aws {

struct LoginCall {
  Service service;
  std::string_view operation;  // "GetClusterCredentials"
  std::string body;
  std::string resources;  // that the IAM right is needed on, for a hint
};

// Errors (`invalid`): what cannot be asked for.
base::Result<LoginCall> login_call(const RedshiftLoginOptions& options);

// `where` for errors (`unavailable`), which quote nothing of the answer.
base::Result<Login> read_login(const LoginCall& call, const std::string& answer, std::string_view where);

}  // namespace twinshift::aws
