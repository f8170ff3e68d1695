// Reads a time as events spell it. Frozen with the identity's version: event_at is made by this, so a form that is read
// today is read the same for ever. Knows no locale and no TZ. Any thread may call it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace twinshift::event {

struct ParsedTime {
  base::WallTime utc{};              // the offset taken off; equal to local where there is none
  base::WallTime local{};            // the digits as written
  bool had_offset = false;           // "Z", "+0530", ...; an epoch has none
  bool epoch = false;                // digits only: seconds or milliseconds since 1970 UTC
  bool truncated = false;            // the fraction had digits other than 0 beyond microseconds; they are cut off
  std::int32_t offset_minutes = 0;   // east of UTC
  std::int32_t fraction_digits = 0;  // as written: 0 to 9
};

// `YYYY-MM-DD[ T]HH:MM:SS[.f{1,9}][ ]?[Z|±HHMM|±HH:MM|±HH]`, year 0000 to 9999, a date that the (proleptic Gregorian)
// calendar has, hours to 23, minutes and seconds to 59 (no leap second), offset to 23:59; or exactly 10 digits (seconds
// since 1970) or 13 (milliseconds). No blank around it, upper-case letters only. Nothing else is a time.
std::optional<ParsedTime> parse_timestamp(std::string_view text);

}  // namespace twinshift::event
