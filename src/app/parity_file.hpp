// What the last audit that came out equal has proved, kept over restarts: parity.txt in the data folder
// (docs/formats/parity.md). One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace twinshift::app {

struct KeptParity {
  base::WallTime equal_at{};  // when that audit began
  std::uint64_t except = 0;   // quarantined on one side
};

// Whole or not at all (written beside it, then renamed). `unavailable` with the system's reason.
base::Status keep_parity(const std::filesystem::path& folder, const KeptParity& parity);
// Nothing where there is none, or none that can be read: the next audit makes it anew.
std::optional<KeptParity> kept_parity(const std::filesystem::path& folder);

}  // namespace twinshift::app
