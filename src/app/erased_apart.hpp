// What one target has noted as erased and the other has not: it was away then. Both lists are read side by side in the
// order of ids, a page at a time, however long they are. One thread.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "event/event.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {

// Rows of twinshift_erased that are read at once.
inline constexpr std::size_t kErasedPageMax = 10'000;

// The next ones by id, each once; fewer than kErasedPageMax: there are no more.
using ErasedPage =
    std::function<base::Result<std::vector<warehouse::EventPlace>>(const std::optional<event::EventId>& after)>;

struct ErasedApart {
  std::array<std::vector<warehouse::EventPlace>, 2> lacking{};  // by side: noted on the other one alone
  bool more = false;                                            // a side lacks more than were asked for
  std::array<std::optional<base::Error>, 2> troubles{};         // why a side could not be read; then nothing is told
};

ErasedApart compare_erased(std::array<ErasedPage, 2> pages, std::size_t lacking_max);

}  // namespace twinshift::app
