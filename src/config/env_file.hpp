// Reads a .env file: NAME=value lines as dotenv takes them.
//
//   # comment, blank lines, `export ` before a name, CRLF, a byte order mark
//   A=plain text   # a comment needs white space before it
//   B='as it stands'   C="\n, \r and \" are undone"   D=`as it stands`     quoted values may span lines
//
// Nothing is expanded. Any thread; no state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace twinshift::config {

inline constexpr std::size_t kEnvFileBytesMax = 1U << 20U;
inline constexpr std::size_t kEnvLineBytesMax = 32U << 10U;  // of one entry, quotes and line breaks included
inline constexpr std::size_t kEnvEntriesMax = 10'000;

struct EnvEntry {
  std::string name;
  std::string value;
  std::size_t line = 0;  // 1 is the first
};

struct EnvFault {
  std::size_t line = 0;
  std::string name;  // empty where the line has none that could be told
  std::string text;  // without the value
};

struct EnvFile {
  std::vector<EnvEntry> entries;   // in the file's order, doubles included
  std::vector<EnvFault> faults;    // these lines have no entry
  std::vector<EnvFault> warnings;  // these have
};

EnvFile parse_env(std::string_view text);

// The file's bytes; empty where there is no such file. Errors: invalid (no regular file, too large), unavailable.
base::Result<std::string> read_env_file(const std::string& path);

}  // namespace twinshift::config
