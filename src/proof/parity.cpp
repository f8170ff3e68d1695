#include "proof/parity.hpp"

#include <algorithm>

namespace twinshift::proof {

void Parity::add(const Audit& audit) {
  const std::lock_guard lock(mutex_);
  last_ = audit;
  if (audit.verdict != AuditVerdict::equal) return;
  equal_at_ = audit.begun;
  except_ = audit.quarantined;
  others_oldest_ = audit.others_oldest;
}

void Parity::restore(base::WallTime equal_at, std::optional<base::WallTime> others_oldest, std::uint64_t except) {
  const std::lock_guard lock(mutex_);
  equal_at_ = equal_at;
  others_oldest_ = others_oldest;
  except_ = except;
}

ParityState Parity::state(std::optional<base::WallTime> oldest_debt) const {
  const std::lock_guard lock(mutex_);
  ParityState state{
      .up_to = equal_at_, .except = except_, .last = last_, .equal_at = equal_at_, .others_oldest = others_oldest_};
  if (!state.up_to) return state;
  if (oldest_debt) state.up_to = std::min(*state.up_to, *oldest_debt);
  if (others_oldest_) state.up_to = std::min(*state.up_to, *others_oldest_);
  return state;
}

}  // namespace twinshift::proof
