#include <chrono>
#include <optional>
#include <utility>

#include "app/metrics_parts.hpp"

namespace twinshift::app {
namespace {

// `value` gives nothing where a target has none.
template <class Value>
void add_family(MetricFamilies& families, const char* name, const char* help,
                const std::vector<delivery::TargetStatus>& targets, Value value) {
  auto family = families.gauge(name, help);
  for (const delivery::TargetStatus& target : targets) {
    if (target.is_primary) continue;
    if (const std::optional<double> known = value(target)) family.add({{"target", target.name}}, *known);
  }
}

}  // namespace

void add_backlogs(MetricFamilies& families, const std::vector<delivery::TargetStatus>& targets) {
  using Target = delivery::TargetStatus;
  const auto seconds = [](const std::optional<std::chrono::seconds>& time) {
    return time ? std::optional(static_cast<double>(time->count())) : std::nullopt;
  };
  const auto stored = [](const Target& target, auto of) {
    return target.backlog_storage ? std::optional(static_cast<double>(of(*target.backlog_storage))) : std::nullopt;
  };
  add_family(families, "twinshift_backlog_events", "Events that the target still owes.", targets,
             [](const Target& t) { return std::optional(static_cast<double>(t.owed)); });
  add_family(families, "twinshift_backlog_oldest_age_seconds", "Age of the oldest of them.", targets,
             [](const Target& t) { return std::optional(std::chrono::duration<double>(t.oldest_owed_age).count()); });
  add_family(families, "twinshift_backlog_bytes", "What the backlog takes on the disk.", targets,
             [&](const Target& t) { return stored(t, [](const auto& s) { return s.bytes; }); });
  add_family(families, "twinshift_backlog_bytes_max", "Its budget (BACKLOG_BYTES_MAX).", targets,
             [&](const Target& t) { return stored(t, [](const auto& s) { return s.bytes_max; }); });
  add_family(families, "twinshift_backlog_growth_events_per_second", "Negative while it shrinks.", targets,
             [&](const Target& t) { return stored(t, [](const auto& s) { return s.events_per_second; }); });
  add_family(families, "twinshift_backlog_lost_events", "Events that damaged files can no longer tell.", targets,
             [&](const Target& t) { return stored(t, [](const auto& s) { return s.lost; }); });
  add_family(families, "twinshift_backlog_unreadable_files", "Segments that could not be opened at the start.", targets,
             [&](const Target& t) { return stored(t, [](const auto& s) { return s.unreadable_files; }); });
  add_family(families, "twinshift_backlog_unreadable_events", "Owed events in them: they wait for a start that can.",
             targets, [&](const Target& t) { return stored(t, [](const auto& s) { return s.unreadable_events; }); });
  add_family(families, "twinshift_backlog_parity_seconds", "Until nothing is owed, at the present rate.", targets,
             [&](const Target& t) { return t.backlog_storage ? seconds(t.backlog_storage->parity_in) : std::nullopt; });
  add_family(
      families, "twinshift_backlog_budget_seconds", "Until the budget is used up, at the present rate.", targets,
      [&](const Target& t) { return t.backlog_storage ? seconds(t.backlog_storage->budget_used_in) : std::nullopt; });
}

}  // namespace twinshift::app
