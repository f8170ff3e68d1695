// What is owed to each side, by window: asked once for a whole run, as every answer goes through all that waits.
//
// One thread.
#pragma once

#include <chrono>
#include <optional>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "proof/both.hpp"
#include "proof/debts.hpp"
#include "proof/digest.hpp"

namespace twinshift::proof {

// So long an answer is good: what was paid since only makes a window be looked into that is equal.
inline constexpr std::chrono::seconds kDebtsKept{30};

class DebtSums {
 public:
  struct Parts {
    Sides sides;
    Debts* debts = nullptr;
    const base::Clock* clock = nullptr;
  };
  explicit DebtSums(const Parts& parts) : parts_(parts) {}

  // Adds to each side's digests of `span` what is owed to it; gives how many events that were. `span` is of whole
  // windows of `whole`, or ends where that does. Errors are those of Debts::owed().
  base::Result<Pair<std::int64_t>> add(const Span& whole, const Span& span, std::chrono::seconds window,
                                       Pair<Digests>& digests);

 private:
  base::Status refresh(const Span& whole, std::chrono::seconds window);

  const Parts parts_;
  Pair<Digests> owed_;
  std::optional<base::SteadyTime> asked_;
};

}  // namespace twinshift::proof
