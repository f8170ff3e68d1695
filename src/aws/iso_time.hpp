// Reads the times in AWS's answers. Any thread; no I/O, no locale, no TZ.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace twinshift::aws {

// "2026-01-02T03:04:05Z", with a fraction (".123456"; further digits are cut) or an offset ("+02:00") where there is
// one. Nothing where it is not such a time.
std::optional<base::WallTime> iso_time(std::string_view text);

}  // namespace twinshift::aws
