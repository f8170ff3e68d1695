// What an instance says of itself beside the rows of its books: rows of `twinshift_owed` (docs/formats/owed.md) whose
// `target` is one of three words, so that whoever compares the targets knows up to when it has told what it owes.
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "warehouse/owed.hpp"

namespace twinshift::warehouse {

// "I run since as_of": before the first write of a process. What it owes is in no row yet.
inline constexpr std::string_view kStarted = "started";
// "All that I owed at as_of stands in my rows": again and again.
inline constexpr std::string_view kRunning = "running";
// Likewise, and nothing follows before the next `started`: a clean stop, or an instance that keeps no debts of its own.
inline constexpr std::string_view kSettled = "settled";

// The hour of such a row: before all arrivals, so that no sum over hours sees it and each word replaces the one before.
inline constexpr base::WallTime kWordHour{};

inline OwedRow word_row(std::string instance, std::string_view word, base::WallTime as_of) {
  return {.instance = std::move(instance), .target = std::string(word), .arrival_at = kWordHour, .as_of = as_of};
}

}  // namespace twinshift::warehouse
