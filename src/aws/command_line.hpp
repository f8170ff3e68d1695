// A command as one text, split into its words without a shell: what `credential_process` holds. Any thread; no I/O.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace twinshift::aws {

inline constexpr std::size_t kCommandWordsMax = 256;

// As a POSIX shell quotes, and nothing more (botocore splits it so, too): blanks part words; '...' is literal; within
// "..." a backslash keeps its meaning but before '"' and '\'; elsewhere it takes the next character literally. No
// variable, glob, pipe or '~' means anything. Errors (`invalid`) do not quote the command: it may hold a secret.
base::Result<std::vector<std::string>> split_command(std::string_view command);

}  // namespace twinshift::aws
