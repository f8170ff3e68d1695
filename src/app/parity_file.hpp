// What the last audit that came out equal has proved, kept over restarts: parity.txt in the data folder
// (docs/formats/parity.md). One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"

namespace twinshift::app {

struct KeptParity {
  std::string pair{};                             // which two tables (pair_of())
  base::WallTime equal_at{};                      // when that audit began
  base::WallTime up_to{};                         // what had arrived before this was owed no more
  std::optional<base::WallTime> others_oldest{};  // the oldest that another instance owed
  std::uint64_t except = 0;                       // quarantined on one side
};

// A name for the two tables that settings configure: 16 digits that say nothing of the addresses.
std::string pair_of(const config::Settings& settings);

// Whole or not at all (written beside it, then renamed). `unavailable` with the system's reason.
base::Status keep_parity(const std::filesystem::path& folder, const KeptParity& parity);
// Nothing where there is none, or none that can be read, or it is of another pair or of the future: the next audit
// makes it anew.
std::optional<KeptParity> kept_parity(const std::filesystem::path& folder, const std::string& pair, base::WallTime now);

}  // namespace twinshift::app
