// A request about the books, answered by the running service, or by this process where none runs: then it counts
// itself. One thread.
#pragma once

#include "base/error.hpp"
#include "config/settings.hpp"
#include "control/control.hpp"

namespace twinshift::app {

// Errors: not_found (no data folder), conflict (a service runs and does not answer), those of the stores.
base::Result<control::Reply> ask_books(const config::Settings& settings, const control::Request& request);

}  // namespace twinshift::app
