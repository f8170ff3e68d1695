#include <algorithm>
#include <chrono>
#include <utility>

#include "app/metrics_parts.hpp"

namespace twinshift::app {

double seconds_of(base::WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

namespace {

// `known` gives nothing where it is not known yet.
template <class State, class Known>
void add_known(MetricFamilies& families, const char* name, const char* help, const State* state, Known known) {
  auto family = families.gauge(name, help);
  if (state != nullptr) family.add({}, known(*state));
}

void add_audit(MetricFamilies& families, const proof::Audit* last) {
  add_known(families, "twinshift_audit_differences", "Events that the last audit named.", last,
            [](const auto& audit) { return static_cast<double>(audit.differences); });
  add_known(families, "twinshift_audit_duration_seconds", "How long it took.", last,
            [](const auto& audit) { return std::chrono::duration<double>(audit.took).count(); });
  add_known(families, "twinshift_audit_timestamp_seconds", "When it began.", last,
            [](const auto& audit) { return seconds_of(audit.begun); });
}

}  // namespace

void add_parity(MetricFamilies& families, const std::optional<proof::ParityState>& state, base::WallTime now) {
  auto verdicts = families.gauge("twinshift_audit_verdict",
                                 "1: how the last audit of this process came out; all 0: there was none yet.");
  for (const auto verdict :
       {proof::AuditVerdict::equal, proof::AuditVerdict::different, proof::AuditVerdict::undecided}) {
    if (!state) break;  // nothing is compared
    const bool is = state->last && state->last->verdict == verdict;
    verdicts.add({{"verdict", std::string(proof::to_string(verdict))}}, is ? 1 : 0);
  }
  add_audit(families, state && state->last ? &*state->last : nullptr);
  const proof::ParityState* const known = state && state->up_to ? &*state : nullptr;
  add_known(families, "twinshift_parity_timestamp_seconds",
            "What arrived before this stands on both sides, but for what a quarantine keeps.", known,
            [](const auto& parity) { return seconds_of(*parity.up_to); });
  add_known(families, "twinshift_parity_lag_seconds", "How long ago that is.", known, [now](const auto& parity) {
    return std::chrono::duration<double>(std::max(now - *parity.up_to, std::chrono::microseconds(0))).count();
  });
  add_known(families, "twinshift_parity_except_events", "Quarantined on one side, as of the last equal audit.", known,
            [](const auto& parity) { return static_cast<double>(parity.except); });
}

}  // namespace twinshift::app
