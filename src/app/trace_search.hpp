// The way of an event, put together from the journal, both tables, queue, backlog and quarantine. docs/trace.md
#pragma once

#include <optional>
#include <string>

#include "app/trace_report.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"
#include "proof/digest.hpp"

namespace twinshift::app {

// Longer than any id of ours or of AppsFlyer's.
inline constexpr std::size_t kTraceIdBytesMax = 400;

struct TraceQuestion {
  std::string id;                     // an event's, a message's, or an appsflyer_id
  std::optional<proof::Span> span{};  // where event_at is looked for; none: everywhere, on Redshift the last days
  bool ask_tables = false;            // by appsflyer_id also where the journal knows events of it
};

// `invalid` where it is no id. What cannot be asked is named in the report.
base::Result<TraceReport> trace(const config::Settings& settings, const TraceQuestion& question, base::WallTime now);

}  // namespace twinshift::app
