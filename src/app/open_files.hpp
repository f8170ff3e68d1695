// Room for open files: each connection, database and log is one. One thread, before the others start.
#pragma once

#include <cstdint>

#include "base/error.hpp"

namespace twinshift::app {

// Files of our own beside the HTTP connections: databases with their logs, segments, connections to targets and AWS.
inline constexpr std::uint64_t kOwnFiles = 256;
// Fewer do not do for the embedded stores alone: their errors, each of another file, would name the wrong cause.
inline constexpr std::uint64_t kOwnFilesMin = 64;

// Raises the soft limit to the hard one. Warns below kOwnFiles; error (full) below kOwnFilesMin.
base::Status make_room_for_files();
// The same judgement of a limit.
base::Status judge_open_files(std::uint64_t most);

}  // namespace twinshift::app
