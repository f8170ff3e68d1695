// How a person names a moment and a length on the command line. Pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace twinshift::app {

// "2026-11-26", "2026-11-26T19:00", "2026-11-26 19:00:30.5", each with or without Z: UTC. Nothing for anything else.
std::optional<base::WallTime> parse_moment(std::string_view text);

// "30m", "1h", "7d": a multiple of a minute, at most 31 days. Nothing for anything else.
std::optional<std::chrono::seconds> parse_window(std::string_view text);

}  // namespace twinshift::app
