// Times as text. Written by hand: the results must not depend on the locale or on TZ.
#pragma once

#include <string>

#include "base/clock.hpp"

namespace twinshift::base {

// "2024-01-01T12:00:00.000Z", as the HTTP answers show it (what JavaScript's toISOString gives).
std::string iso8601_ms(WallTime time);

// "2024-01-01 12:00:00" and, where the fraction is not zero, ".123" or ".123456": how our tables hold a timestamp
// (UTC).
std::string sql_timestamp(WallTime time);

// Milliseconds since 1970, for log lines.
std::int64_t epoch_ms(WallTime time);

}  // namespace twinshift::base
