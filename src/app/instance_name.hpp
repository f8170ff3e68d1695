// Who we are among several instances. Any thread.
#pragma once

#include <string>

namespace twinshift::app {

// Stands in load markers: the machine's name.
std::string instance_name();

}  // namespace twinshift::app
