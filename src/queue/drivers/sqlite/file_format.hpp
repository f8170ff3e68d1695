// The queue file's format and version: docs/formats/queue-sqlite.md.
#pragma once

#include <cstdint>

#include "base/error.hpp"
#include "sqlite/database.hpp"

namespace twinshift::queue {

// "TSqu" in PRAGMA application_id; the version stands in PRAGMA user_version.
inline constexpr std::int64_t kApplicationId = 0x54537175;
inline constexpr std::int64_t kFormatVersion = 2;

// Before anything is written: refuses what is not ours or newer (`conflict`); an empty file gets its page size and
// auto-vacuum mode, which cannot be changed later.
base::Status prepare_format(sqlite::Database& database, std::uint32_t page_bytes);

// Brings an empty or older file to the present version in one transaction.
base::Status take_over_format(sqlite::Database& database);

}  // namespace twinshift::queue
