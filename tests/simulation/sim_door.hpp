// What an erasure asks of an instance (src/app/erase_door.hpp), and what it reads of the targets. One thread.
#pragma once

#include <string>
#include <vector>

#include "app/erase_door.hpp"
#include "app/eraser.hpp"
#include "tests/simulation/sim_debts.hpp"

namespace twinshift::simulation {

class SimDoor final : public app::EraseDoor {
 public:
  SimDoor(const Line& line, const base::Clock& clock)
      : line_(line), around_(line.outside.around), clock_(clock), stores_(line) {}

  base::Result<app::WaitingEvents> waiting(const app::Person& person) override;
  base::Result<std::uint64_t> owed(const std::string& target, std::span<const warehouse::EventPlace> events) override;
  base::Result<std::vector<app::QuarantinedEvent>> quarantined(const app::Person& person) override;
  base::Status erase(const std::string& field, const std::string& target, std::span<const warehouse::EventPlace> events,
                     std::uint64_t& rows) override;
  base::Result<std::uint64_t> drop(std::span<const quarantine::Ticket> tickets) override;

 private:
  const Line& line_;
  Surroundings& around_;
  const base::Clock& clock_;
  Stores stores_;
};

// The person's rows in a target, and what it has noted as erased.
app::Eraser::Parts::Reader reader_of(const Line& line, std::uint32_t target);

}  // namespace twinshift::simulation
