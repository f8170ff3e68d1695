#include "app/trace_report.hpp"

#include <algorithm>

namespace twinshift::app {

bool TracedEvent::found() const {
  return !history.empty() || !waiting.empty() || std::ranges::any_of(targets, [](const TracedTarget& each) {
    return each.row.has_value() || each.erased_at || each.owed || !each.quarantined.empty();
  });
}

TraceState TracedEvent::state(const TracedTarget& target) const {
  if (target.row) return TraceState::landed;
  if (target.erased_at) return TraceState::erased;
  if (target.owed) return TraceState::owed;
  if (!target.quarantined.empty()) return TraceState::quarantined;
  if (!waiting.empty()) return TraceState::waiting;
  if (!target.asked || target.owed_unknown) return TraceState::unknown;
  const bool had_it =
      std::ranges::any_of(history.landings, [&](const auto& each) { return each.target == target.name; });
  return had_it ? TraceState::gone : TraceState::absent;
}

const char* to_string(TraceState state) {
  switch (state) {
    case TraceState::landed:
      return "landed";
    case TraceState::quarantined:
      return "quarantined";
    case TraceState::owed:
      return "owed";
    case TraceState::waiting:
      return "waiting";
    case TraceState::gone:
      return "gone";
    case TraceState::erased:
      return "erased";
    case TraceState::absent:
      return "absent";
    case TraceState::unknown:
      return "unknown";
  }
  return "unknown";
}

bool TraceReport::found() const {
  return std::ranges::any_of(events, &TracedEvent::found);
}

bool TraceReport::verified(const TracedEvent& event) const {
  return proved_up_to && event.targets.size() > 1 &&
         std::ranges::all_of(event.targets, [&](const TracedTarget& target) {
           return target.row && target.row->copies == 1 && target.row->received_at < *proved_up_to;
         });
}

}  // namespace twinshift::app
