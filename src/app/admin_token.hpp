// ADMIN_TOKEN out of ADMIN_TOKEN_FILE, where it is kept in a file. Any thread.
#pragma once

#include "base/error.hpp"
#include "config/settings.hpp"

namespace twinshift::app {

// These settings with what the file holds as `admin_token`, where a file is named; read once, at the start. Errors
// name the file, never what it holds: the service must not start, for its page would be open.
base::Result<config::Settings> with_admin_token(config::Settings settings);

}  // namespace twinshift::app
