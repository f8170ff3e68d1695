// What `twinshift erase` says. Pure; no text holds the value that was asked for.
#pragma once

#include <string>

#include "app/eraser.hpp"

namespace twinshift::app {

// What was found, a line a place, each ended by a line feed.
std::string look_text(const std::string& field, const ErasureLook& look);
// What was done, likewise.
std::string erased_text(const std::string& field, const ErasureReport& report);
// What is left to do and why, for standard error; empty where all is done.
std::string left_text(const ErasureLook& first, const ErasureReport& report);

}  // namespace twinshift::app
