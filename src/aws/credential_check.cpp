#include "aws/credential_check.hpp"

#include <algorithm>
#include <string>

#include "aws/plain_text.hpp"

namespace twinshift::aws {
namespace {

bool is_sendable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

// What is wrong; empty where nothing is.
std::string fault_of(const Credentials& credentials) {
  struct Part {
    std::string_view name;
    std::string_view value;
    bool needed;
  };
  for (const Part& part : {Part{"access key id", credentials.access_key_id, true},
                           Part{"secret access key", credentials.secret_access_key, true},
                           Part{"session token", credentials.session_token, false}}) {
    if (part.needed && part.value.empty()) return "AWS credentials without the " + std::string(part.name);
    if (!is_sendable(part.value)) {
      return "The " + std::string(part.name) + " holds a blank, a line end or another character that none has";
    }
  }
  return {};
}

}  // namespace

base::Result<Credentials> checked(Credentials credentials, std::string_view where, std::string_view hint) {
  std::string fault = fault_of(credentials);
  if (fault.empty()) return credentials;
  return base::fail(base::ErrorKind::invalid, std::move(fault), std::string(where), std::string(hint));
}

}  // namespace twinshift::aws
