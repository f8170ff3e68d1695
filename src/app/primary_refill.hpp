// Where a backlog gets the events from that it keeps by their ids alone.
#pragma once

#include <string>

#include "backlog/refill.hpp"
#include "config/settings.hpp"

namespace twinshift::app {

// Asks the primary, and of what that does not hold `target`, whose backlog it is: whether it has noted the event as
// erased. Over connections of its own, read-only; opened at the first question, and again after an error.
backlog::Refill refill_from_primary(const config::Settings& settings, std::string target);

}  // namespace twinshift::app
