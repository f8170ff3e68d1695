// One way to credentials, without memory: each call asks anew. RefreshingSource keeps what it gives.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "aws/credentials.hpp"
#include "base/error.hpp"

namespace twinshift::aws {

// One thread at a time, not always the same.
class CredentialFetcher {
 public:
  virtual ~CredentialFetcher() = default;

  // Blocks for as long as its own limits say, at most until `stop`. Errors: unavailable, invalid, cancelled; their
  // texts hold no secret.
  virtual base::Result<Credentials> fetch(std::stop_token stop) = 0;

  // May what it gave be used beyond its end while nothing newer is to be had? ("static stability": AWS SDKs and Tools
  // reference, "IMDS credential provider"; a metadata service in trouble hands out old ones that AWS goes on to
  // accept.)
  [[nodiscard]] virtual bool keeps_expired() const { return false; }
};

// Null where that way is not configured; the error where it is, and cannot work.
using MaybeFetcher = base::Result<std::unique_ptr<CredentialFetcher>>;

}  // namespace twinshift::aws
