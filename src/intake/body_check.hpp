// Is this body an event? simdjson checks every token of ordinary events; what it refuses goes to the tolerant scanner
// of event/, which takes every valid JSON object (lone surrogate escapes, numbers beyond a double, any nesting).
// Thread-safe; keeps one parser a thread.
#pragma once

#include <string>

#include "base/error.hpp"

namespace twinshift::intake {

// Removes a leading UTF-8 byte order mark in place. `invalid` says what is wrong, never quoting the body.
base::Status check_body(std::string& body);

// The predecessor's check: each required field is there and not null, false, 0 or "". `invalid` with its text.
base::Status check_required_fields(const std::string& body);

// The event's app_id, as text; of equal keys the last one. Empty where there is none, or null. `body` passed
// check_body().
std::string app_id_of(const std::string& body);

}  // namespace twinshift::intake
