// Where this machine reaches the service that this configuration starts. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "config/settings.hpp"

namespace twinshift::app {

// "http://127.0.0.1:3000" + `path`, https where TLS is set; HOST where it is one address, loopback where it means all.
// Errors: invalid (PORT=0: only the log knows which).
base::Result<std::string> own_url(const config::Settings& settings, std::string_view path);

}  // namespace twinshift::app
