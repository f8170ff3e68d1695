// The one place where an error's kind becomes a decision, and the rule that tells bad rows from a bad table.
#pragma once

#include <cstddef>
#include <deque>

#include "base/error.hpp"

namespace twinshift::delivery {

enum class Decision {
  retry,       // the same batch again after a pause; a secondary's events are parked when their time is over
  retry_less,  // likewise, in smaller batches
  ask_marker,  // did it commit? the batch's marker says
  bisect,      // refused for its data: halve it until the bad rows stand alone
};

// Only `rejected` is known to be about data. Every other kind, known or not, is the target's trouble.
Decision decide(base::ErrorKind kind);

// Watches the refusals among the last kWindowRows rows. Repeated refusals of one event are not counted: the caller
// leaves them out.
class RejectGuard {
 public:
  static constexpr std::size_t kWindowRows = 1'000;

  explicit RejectGuard(std::size_t rejected_rows_max) : rejected_rows_max_(rejected_rows_max) {}

  // Would these be too many of late?
  [[nodiscard]] bool too_many(std::size_t rejected) const { return recent_ + rejected > rejected_rows_max_; }
  void record(std::size_t rows, std::size_t rejected);

 private:
  struct Group {
    std::size_t rows;
    std::size_t rejected;
  };
  const std::size_t rejected_rows_max_;
  std::deque<Group> groups_;
  std::size_t rows_ = 0;
  std::size_t recent_ = 0;
};

}  // namespace twinshift::delivery
