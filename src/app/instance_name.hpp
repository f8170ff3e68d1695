// Who we are among several instances: stands in load markers.
#pragma once

#include <string>

namespace twinshift::app {

// The name that was set, else the machine's. Any thread.
std::string instance_name();

// The machine's name and something that no other instance on it has.
std::string mint_instance_name();

// Once, before the first thread that writes markers: what books.db keeps for this data folder.
void set_instance_name(std::string name);

}  // namespace twinshift::app
