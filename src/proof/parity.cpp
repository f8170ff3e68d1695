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

void Parity::restore(const Proved& proved) {
  const std::lock_guard lock(mutex_);
  equal_at_ = proved.equal_at;
  up_to_ = proved.up_to;
  others_oldest_ = proved.others_oldest;
  except_ = proved.except;
}

ParityState Parity::state(const OldestDebt& oldest_debt) const {
  const std::lock_guard lock(mutex_);
  ParityState state{
      .up_to = equal_at_, .except = except_, .last = last_, .equal_at = equal_at_, .others_oldest = others_oldest_};
  if (!state.up_to) return state;
  if (!oldest_debt.known) {
    state.up_to = up_to_;
    return state;
  }
  if (oldest_debt.arrived) state.up_to = std::min(*state.up_to, *oldest_debt.arrived);
  if (others_oldest_) state.up_to = std::min(*state.up_to, *others_oldest_);
  up_to_ = state.up_to;
  return state;
}

}  // namespace twinshift::proof
