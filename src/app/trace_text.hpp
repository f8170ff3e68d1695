// The way of an event for people and programs. Pure functions.
#pragma once

#include <string>

#include "app/trace_report.hpp"

namespace twinshift::app {

std::string trace_as_text(const TraceReport& report);
// One object.
std::string trace_as_json(const TraceReport& report);

}  // namespace twinshift::app
