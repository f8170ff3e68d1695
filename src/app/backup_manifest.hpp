// backup.txt: what is in a backup, by which it is checked. Lines of text:
//
//   twinshift backup 1
//   version 1.2.0
//   begun 2026-11-28T08:00:00.000Z
//   note <what is not in it, or has to be known of it>      any number
//   file <bytes> <SHA-256, 64 hex digits> <name>            any number; the name is relative, to the line's end
//   sum <SHA-256 of all lines above>
//
// No I/O but in sha256_of(); any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace twinshift::app {

inline constexpr const char* kManifestName = "backup.txt";

struct ManifestFile {
  std::string name;
  std::uint64_t bytes = 0;
  std::string sha256;
  bool operator==(const ManifestFile&) const = default;
};

struct Manifest {
  std::string version;
  std::string begun;
  std::vector<std::string> notes{};
  std::vector<ManifestFile> files{};
};

std::string text_of(const Manifest& manifest);
// Errors: corrupt (cut short, changed, or no such file), conflict (a later format).
base::Result<Manifest> parse_manifest(std::string_view text);

// Of a file, read to its end in steps of 1 MB; `after_step` is told how many bytes were read, and its error ends it.
struct Summed {
  std::uint64_t bytes = 0;
  std::string sha256;
};
base::Result<Summed> sha256_of(const std::filesystem::path& path,
                               const std::function<base::Status(std::uint64_t)>& after_step = {});

}  // namespace twinshift::app
