// Writes one batch so that its outcome is known when it returns: by the batch's marker where the answer was lost, never
// by guessing. On the thread that owns the warehouse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::proof {

// How often a batch is written that left nothing behind, its first time included.
inline constexpr int kWritesMax = 3;

struct WriteSums {
  std::uint64_t written = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t removed = 0;  // rows that went
  // By their place in the batch: refused for good; and put off.
  std::vector<std::pair<std::size_t, warehouse::Refusal>> refused{};
  std::vector<std::size_t> put_off{};
  std::vector<std::size_t> owed{};  // left out by write_unowed()
  // By the batch's order; empty where its marker told.
  std::vector<warehouse::Outcome> outcomes{};
};

// `standing`: rows that the batch removes, as they were seen: told as removed where the answer was lost.
// Errors as those of Warehouse::write() and prepare(); unknown_outcome where the marker could not be asked for either.
base::Result<WriteSums> write_settled(warehouse::Warehouse& warehouse, const warehouse::Batch& batch,
                                      std::uint64_t standing);

// Which of these events are owed to the target now, by their order. What is not known is told as not owed.
using FindOwed = std::function<std::vector<bool>(std::span<const event::EventPtr>)>;

// As write_settled(), less what somebody owes the target by now: the books count an event once it lands by itself, and
// not where a repair has been quicker. On the lane's thread nothing that is owed lands meanwhile. A batch that removes
// rows is written whole: its events stand there.
base::Result<WriteSums> write_unowed(warehouse::Warehouse& warehouse, const warehouse::Batch& batch,
                                     std::uint64_t standing, const FindOwed& find_owed);

}  // namespace twinshift::proof
