// Damaged files of which nothing depends: out of the way, so that a new one is begun, and kept for whoever wants to
// look at them. One thread at a time for a path.
#pragma once

#include <cstddef>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace twinshift::sqlite {

inline constexpr std::size_t kSetAsideMax = 3;

// Renames a closed database, and what belongs to it, to <path>.damaged-<UTC time>; of those the newest kSetAsideMax are
// kept. One line in the log; `why` is what was found. Errors: unavailable; then it stays where it is.
base::Status set_aside(const std::string& path, base::WallTime now, const base::Error& why);

}  // namespace twinshift::sqlite
