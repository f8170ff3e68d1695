// Identifiers that we mint. Any thread may call these.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace twinshift::base {

// A version 7 UUID (RFC 9562, section 5.7), lower case, 36 characters: time-ordered, so that a log reads in order.
std::string uuid_v7(const Clock& clock = system_clock());

// Lower-case hex of `bytes`.
std::string to_hex(std::string_view bytes);

// 64 bits from the system's generator.
std::uint64_t random_seed();

}  // namespace twinshift::base
