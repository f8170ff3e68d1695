// An order of a repair as the service carries it out (src/app/mending.cpp): the table's mender over connections of its
// own, each batch a job of the target's lane. One thread.
#pragma once

#include <functional>

#include "app/order_time.hpp"
#include "proof/mend.hpp"
#include "proof/settled_write.hpp"
#include "proof/table_mender.hpp"
#include "tests/simulation/sim_debts.hpp"
#include "tests/simulation/sim_side.hpp"

namespace twinshift::simulation {

class SimMender final : public proof::Mender {
 public:
  // `copies`: called with each batch that copies what was missing, before it is written.
  using Copies = std::function<void(std::uint32_t target, const warehouse::Batch& batch)>;
  SimMender(const Line& line, const base::Clock& clock, Copies copies)
      : line_(line), around_(line.outside.around), clock_(clock), copies_(std::move(copies)) {}

  proof::MendReport mend(const proof::MendOrder& order) override;

 private:
  base::Result<proof::WriteSums> write(std::uint32_t target, const app::OrderTime& time, proof::BatchPtr batch,
                                       std::uint64_t standing);
  proof::MendReport carry_out(const proof::MendOrder& order);

  const Line& line_;
  Surroundings& around_;
  const base::Clock& clock_;
  const Copies copies_;
};

}  // namespace twinshift::simulation
