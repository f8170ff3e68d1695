// Reads a small file whole: tokens, AWS's own files. Any thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/error.hpp"

namespace twinshift::aws {

inline constexpr std::size_t kSmallFileBytesMax = 1'048'576;

// Errors name the path and never the content: not_found (no such file), unavailable (no right to read it, an I/O
// error), invalid (a folder or a device, or larger than the bound).
base::Result<std::string> read_small_file(const std::filesystem::path& path);

// Its content without white space around it, for a token. An empty one is `invalid`, as is one of several lines or with
// other control characters: in a header it would begin another one.
base::Result<std::string> read_token_file(const std::filesystem::path& path);

}  // namespace twinshift::aws
