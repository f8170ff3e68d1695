// Whether the service could listen where the settings say. Any thread.
#pragma once

#include <filesystem>
#include <vector>

#include "app/doctor_check.hpp"
#include "app/doctor_run.hpp"
#include "config/settings.hpp"
#include "http/listener.hpp"

namespace twinshift::app {

// Takes the address for a moment, without listening there. In use is well where a service runs on `data_folder`: the
// port is its own. Blocks for a few system calls, and for the resolver where the host is a name.
Finding check_port(const http::Address& address, const std::filesystem::path& data_folder);

// `port`, and `admin-port` where there is one.
std::vector<Step> port_steps(const config::Settings& settings);

}  // namespace twinshift::app
