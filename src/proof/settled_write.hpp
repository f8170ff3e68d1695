// Writes one batch so that its outcome is known when it returns: by the batch's marker where the answer was lost, never
// by guessing. On the thread that owns the warehouse.
#pragma once

#include <cstddef>
#include <cstdint>
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
};

// `standing`: rows that the batch removes, as they were seen: told as removed where the answer was lost.
// Errors as those of Warehouse::write() and prepare(); unknown_outcome where the marker could not be asked for either.
base::Result<WriteSums> write_settled(warehouse::Warehouse& warehouse, const warehouse::Batch& batch,
                                      std::uint64_t standing);

}  // namespace twinshift::proof
