// An order of repair or rebuild through the control socket: what the service answers, and how a command asks it.
// docs/repair.md
#pragma once

#include <functional>

#include "base/error.hpp"
#include "config/settings.hpp"
#include "control/control.hpp"
#include "proof/mend.hpp"

namespace twinshift::app {

inline constexpr const char* kMendVerb = "mend";

// Arguments: target, kind, then a line a place: id, event_at (microseconds since 1970), copies.
control::Request mend_request(const proof::MendOrder& order);
base::Result<proof::MendOrder> read_mend_request(const control::Request& request);

// The reply's text: numbers, then what is left, what is crooked, and the error that ended it.
control::Reply mend_reply(const proof::MendReport& report);
// A refusal or what is no such answer becomes the report's error.
proof::MendReport read_mend_reply(const control::Reply& reply);

}  // namespace twinshift::app
