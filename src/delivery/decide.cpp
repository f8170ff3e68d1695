#include "delivery/decide.hpp"

namespace twinshift::delivery {

Decision decide(base::ErrorKind kind) {
  switch (kind) {
    case base::ErrorKind::rejected:
      return Decision::bisect;
    case base::ErrorKind::unknown_outcome:
      return Decision::ask_marker;
    case base::ErrorKind::timed_out:
      return Decision::retry_less;
    case base::ErrorKind::invalid:
    case base::ErrorKind::conflict:
    case base::ErrorKind::throttled:
    case base::ErrorKind::unavailable:
    case base::ErrorKind::full:
    case base::ErrorKind::corrupt:
    case base::ErrorKind::not_found:
    case base::ErrorKind::cancelled:
    case base::ErrorKind::internal:
      return Decision::retry;
  }
  return Decision::retry;
}

void RejectGuard::record(std::size_t rows, std::size_t rejected) {
  groups_.push_back({rows, rejected});
  rows_ += rows;
  recent_ += rejected;
  while (groups_.size() > 1 && rows_ - groups_.front().rows >= kWindowRows) {
    rows_ -= groups_.front().rows;
    recent_ -= groups_.front().rejected;
    groups_.pop_front();
  }
}

}  // namespace twinshift::delivery
