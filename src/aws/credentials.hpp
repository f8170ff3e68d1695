// Who signs. Any thread.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace twinshift::aws {

// Never logged, never part of a text but `source` and the key's id masked by whoever shows it.
struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty for long-lived keys
  std::optional<base::WallTime> expires_at;
  std::string source;  // "environment", "web identity", "profile analytics", "container", "instance metadata", ...
};

// Every function may be called from any thread; get() may block for as long as its source's own limits say.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;

  // Good for at least a few minutes, or the best there is. Errors: unavailable (the source does not answer), invalid
  // (what is configured cannot work, or nothing is configured: the text lists what was tried).
  virtual base::Result<Credentials> get() = 0;

  // The other side says that what get() gave is expired or unknown: the next get() fetches anew.
  virtual void refuse(const Credentials& credentials) = 0;
};

}  // namespace twinshift::aws
