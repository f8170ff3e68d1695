#include <algorithm>
#include <chrono>
#include <utility>

#include "app/metrics_parts.hpp"

namespace twinshift::app {

double seconds_of(base::WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

// What is not known yet has no value; twinshift_audit_verdict is there always.
void add_parity(MetricFamilies& families, const proof::ParityState& state, base::WallTime now) {
  for (const auto verdict :
       {proof::AuditVerdict::equal, proof::AuditVerdict::different, proof::AuditVerdict::undecided}) {
    const bool is = state.last && state.last->verdict == verdict;
    families.gauge("twinshift_audit_verdict",
                   "1: how the last audit of this process came out; all 0: there was none yet.",
                   {{"verdict", std::string(proof::to_string(verdict))}}, is ? 1 : 0);
  }
  if (state.last) {
    families.gauge("twinshift_audit_differences", "Events that the last audit named.", {},
                   static_cast<double>(state.last->differences));
    families.gauge("twinshift_audit_duration_seconds", "How long it took.", {},
                   std::chrono::duration<double>(state.last->took).count());
    families.gauge("twinshift_audit_timestamp_seconds", "When it began.", {}, seconds_of(state.last->begun));
  }
  if (!state.up_to) return;
  families.gauge("twinshift_parity_timestamp_seconds",
                 "What arrived before this stands on both sides, but for what a quarantine keeps.", {},
                 seconds_of(*state.up_to));
  families.gauge("twinshift_parity_lag_seconds", "How long ago that is.", {},
                 std::chrono::duration<double>(std::max(now - *state.up_to, std::chrono::microseconds(0))).count());
  families.gauge("twinshift_parity_except_events", "Quarantined on one side, as of the last equal audit.", {},
                 static_cast<double>(state.except));
}

}  // namespace twinshift::app
