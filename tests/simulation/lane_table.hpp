// A target as the job of a lane sees it (src/warehouse/warehouse.hpp): calls that block, in the time of the lane's
// thread. One thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tests/simulation/instance.hpp"
#include "tests/simulation/task.hpp"

namespace twinshift::simulation {

class LaneTable final : public warehouse::Warehouse {
 public:
  LaneTable(Instance& instance, Outside& outside, std::uint32_t target, Task& task)
      : instance_(instance), outside_(outside), around_(outside.around), target_(target), task_(task) {}

  // The lane's own, in which its job waits.
  [[nodiscard]] Task& task() { return task_; }

  base::Status prepare() override;
  base::Result<warehouse::WriteReport> write(const warehouse::Batch& batch) override;
  base::Result<std::optional<warehouse::Marker>> find_marker(std::string_view batch_id) override;
  base::Result<warehouse::Table> query(const std::string& sql, std::size_t rows_max) override;
  base::Status ping() override { return prepare(); }
  base::Result<std::uint64_t> erase(std::span<const warehouse::EventPlace> places) override;
  [[nodiscard]] std::string product() const override { return "simulated"; }

 private:
  SimWarehouse& table() { return *outside_.warehouses[target_]; }
  base::Result<warehouse::WriteReport> carry_out(const SimWarehouse::CallPtr& call);
  [[nodiscard]] event::EventPtr message_like(const event::Event& event) const;

  Instance& instance_;
  Outside& outside_;
  Surroundings& around_;
  const std::uint32_t target_;
  Task& task_;
};

}  // namespace twinshift::simulation
