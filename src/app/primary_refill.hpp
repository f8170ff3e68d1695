// Where a backlog gets the events from that it keeps by their ids alone.
#pragma once

#include "backlog/refill.hpp"
#include "config/settings.hpp"

namespace twinshift::app {

// Asks the primary over a connection of its own, read-only; opened at the first question, and again after an error.
backlog::Refill refill_from_primary(const config::Settings& settings);

}  // namespace twinshift::app
