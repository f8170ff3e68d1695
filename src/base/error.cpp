#include "base/error.hpp"

namespace twinshift::base {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return "invalid";
    case ErrorKind::rejected:
      return "rejected";
    case ErrorKind::conflict:
      return "conflict";
    case ErrorKind::throttled:
      return "throttled";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::timed_out:
      return "timed_out";
    case ErrorKind::unknown_outcome:
      return "unknown_outcome";
    case ErrorKind::full:
      return "full";
    case ErrorKind::corrupt:
      return "corrupt";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::cancelled:
      return "cancelled";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

std::string Error::text() const {
  std::string line = message;
  if (!where.empty()) line += " (" + where + ")";
  if (!hint.empty()) line += ". " + hint;
  return line;
}

}  // namespace twinshift::base
