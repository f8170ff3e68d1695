// The configuration as texts for people: what is in effect, and the reference page. No secret in either. Any thread.
#pragma once

#include <string>

#include "config/settings.hpp"

namespace twinshift::config {

// Every option with its value and where that comes from, then what runs where.
std::string render_effective(const Loaded& loaded);

// docs/configuration.md.
std::string render_markdown();

}  // namespace twinshift::config
