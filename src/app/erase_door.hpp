// What an erasure asks of the stores that one process owns, and has it do: through the service that runs (its control
// socket, its lanes), or by the command itself where none does, which then holds the data folder. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/person.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"
#include "quarantine/quarantine.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {

// What waits in the queue.
struct WaitingEvents {
  std::vector<warehouse::EventPlace> events;
  // False: the queue cannot be looked into (SQS) and is not empty, or more wait than one answer holds.
  bool all_told = true;
};

struct QuarantinedEvent {
  quarantine::Ticket ticket;
  warehouse::EventPlace place;
};

class EraseDoor {
 public:
  virtual ~EraseDoor() = default;
  virtual base::Result<WaitingEvents> waiting(const Person& person) = 0;
  // Of these events: how many the target is still to get, from the queue or its backlog, as far as that can be told.
  virtual base::Result<std::uint64_t> owed(const std::string& target,
                                           std::span<const warehouse::EventPlace> events) = 0;
  virtual base::Result<std::vector<QuarantinedEvent>> quarantined(const Person& person) = 0;
  // Warehouse::erase(), however many. Rows that went, also before an error.
  virtual base::Status erase(const std::string& field, const std::string& target,
                             std::span<const warehouse::EventPlace> events, std::uint64_t& rows) = 0;
  // The books waive those that go. How many went.
  virtual base::Result<std::uint64_t> drop(std::span<const quarantine::Ticket> tickets) = 0;
};

// Errors: those of opening the stores; `conflict` where a service runs that does not answer.
base::Result<std::unique_ptr<EraseDoor>> open_erase_door(const config::Settings& settings);

}  // namespace twinshift::app
