// What `twinshift doctor` prints. Pure functions; any thread.
#pragma once

#include <span>
#include <string>

#include "app/doctor_check.hpp"

namespace twinshift::app {

// One line a check; below those that warn or fail what it means and what mends it; then the guide's issues that were
// found, and a summary. `colours`: for a terminal.
std::string checks_as_text(std::span<const Check> checks, bool colours);

// {"checks":[{"id","about","state","what","means","mend","issue","tookMs"}],"issues":[...],"verdict":"ok|warn|fail"}
std::string checks_as_json(std::span<const Check> checks);

// One line a kind of check: its id and what it tests.
std::string kinds_as_text();

}  // namespace twinshift::app
