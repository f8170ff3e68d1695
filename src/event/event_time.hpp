// When an event happened, by its own content.
#pragma once

#include <span>

#include "event/event.hpp"

namespace twinshift::event {

// event_at, frozen with the identity's version: the first of `event_time`, `timestamp` and `install_time` (of equal
// keys the last) that is usable: a text that parse_timestamp() reads, or a number that is a whole number of 10 digits
// (seconds since 1970) or 13 (milliseconds) however it is spelt, from 2008-01-01 on and before 2100-01-01. 1970-01-01
// where there is none. Texts that are canonically equal have the same event_at. Any thread may call it.
base::WallTime event_time_of(std::span<const Field> fields);

}  // namespace twinshift::event
