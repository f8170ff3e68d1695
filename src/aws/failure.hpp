// What went wrong with an AWS call. Any thread.
#pragma once

#include <expected>
#include <string>

#include "base/error.hpp"

namespace twinshift::aws {

struct Failure {
  // Kind: unavailable (no answer, 5xx, credentials, rights, clock: everything that a person or time mends), throttled,
  // not_found, invalid (the request itself), conflict, cancelled. Text: action, who for, endpoint, what to do.
  base::Error error;
  std::string code;        // AWS's, without namespace: "ThrottlingException"; empty where no answer came
  std::string message;     // AWS's own text; may quote what was asked: look before you show it
  int http_status = 0;     // 0: no answer
  bool sent = false;       // the other side may have done it (no answer after it was sent, or 5xx)
  std::string request_id;  // empty where none came
};

template <class T>
using Outcome = std::expected<T, Failure>;

}  // namespace twinshift::aws
