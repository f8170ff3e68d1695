// What this process takes of the machine, read from /proc/self (man 5 proc). Any thread; no errors: what cannot be read
// has no value.
#pragma once

#include <cstdint>
#include <optional>

namespace twinshift::app {

struct ProcessUsage {
  std::optional<double> cpu_seconds{};
  std::optional<std::uint64_t> resident_bytes{};
  std::optional<std::uint64_t> virtual_bytes{};
  std::optional<double> started_at{};  // seconds since 1970
  std::optional<std::uint64_t> threads{};
  std::optional<std::uint64_t> open_files{};
  std::optional<std::uint64_t> open_files_max{};
};

ProcessUsage process_usage();

}  // namespace twinshift::app
