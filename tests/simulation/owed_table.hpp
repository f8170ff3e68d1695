// A target's twinshift_owed, as a lane's publisher writes it. One thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tests/simulation/outside.hpp"
#include "warehouse/owed.hpp"

namespace twinshift::simulation {

class OwedTable final : public warehouse::Warehouse {
 public:
  OwedTable(Outside& outside, std::uint32_t target) : outside_(outside), target_(target) {}

  base::Status prepare() override { return ping(); }
  base::Result<warehouse::WriteReport> write(const warehouse::Batch&) override { return none(); }
  base::Result<std::optional<warehouse::Marker>> find_marker(std::string_view) override { return none(); }
  base::Result<warehouse::Table> query(const std::string&, std::size_t) override { return none(); }
  base::Status ping() override {
    const Mood mood = outside_.warehouses[target_]->mood();
    if (mood == Mood::refusing || mood == Mood::hanging || mood == Mood::full) return none();
    return {};
  }
  base::Status publish(std::span<const warehouse::OwedRow> rows) override {
    outside_.published.insert(outside_.published.end(), rows.begin(), rows.end());
    return {};
  }
  [[nodiscard]] std::string product() const override { return "simulated"; }

 private:
  static std::unexpected<base::Error> none() {
    return base::fail(base::ErrorKind::unavailable, "simulated trouble", "simulated warehouse");
  }
  Outside& outside_;
  const std::uint32_t target_;
};

}  // namespace twinshift::simulation
