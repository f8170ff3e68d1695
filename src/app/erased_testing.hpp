// For tests: events by number, and a list of erased ones as a target tells it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "app/erased_apart.hpp"

namespace twinshift::app::testing {

// The greater the number, the greater the id.
inline warehouse::EventPlace place(std::uint32_t number) {
  warehouse::EventPlace made{};
  for (std::size_t i = 0; i < sizeof number; ++i) made.id.bytes[i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  return made;
}

// As ErasedPage: at most kErasedPageMax of them, by id, behind `after`.
inline std::vector<warehouse::EventPlace> page_of(std::vector<warehouse::EventPlace> erased,
                                                  const std::optional<event::EventId>& after) {
  std::ranges::sort(erased, {}, &warehouse::EventPlace::id);
  std::erase_if(erased, [&](const warehouse::EventPlace& each) { return after && each.id <= *after; });
  if (erased.size() > kErasedPageMax) erased.resize(kErasedPageMax);
  return erased;
}

}  // namespace twinshift::app::testing
