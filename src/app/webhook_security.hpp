// What the service says and needs about who may post events. Any thread.
#pragma once

#include <string>
#include <vector>

#include "config/settings.hpp"

namespace twinshift::app {

// The names of headers that requests keep: those that the page needs, and `more`.
std::vector<std::string> headers_kept(const std::vector<std::string>& more);
// One warning where anyone may post and others reach the port, or where it `asked` before (a proxy on this machine may
// bring them); else nothing.
void tell_open_door(const config::Settings& settings, bool asked);

}  // namespace twinshift::app
