// What an instance meets outside of itself: the warehouses, perhaps a queue shared with others, and who watches.
#pragma once

#include <memory>
#include <vector>

#include "tests/simulation/sim_sqs.hpp"
#include "tests/simulation/sim_warehouse.hpp"
#include "tests/simulation/surroundings.hpp"
#include "warehouse/owed.hpp"

namespace twinshift::simulation {

class Instance;
class Acts;

// As the service names its targets.
inline std::string target_name(std::uint32_t target) {
  return target == 0 ? "primary" : "secondary";
}

struct Outside {
  Surroundings& around;
  std::vector<std::unique_ptr<SimWarehouse>> warehouses{};
  std::unique_ptr<SimSqs> shared{};  // empty: each instance has its own queue
  std::vector<std::unique_ptr<Instance>> instances{};
  std::unique_ptr<Acts> acts{};
  std::vector<warehouse::OwedRow> published{};  // rows of twinshift_owed, and the secondary's
  std::uint64_t batches = 0;
};

}  // namespace twinshift::simulation
