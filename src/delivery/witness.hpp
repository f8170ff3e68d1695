// Somebody who looks on: told what became of events, changes nothing. `twinshift trace` has its journal from here.
//
// Threads: the conductor's alone. Calls must not wait, and what they are shown lives only for the call.
#pragma once

#include <span>
#include <string_view>

#include "delivery/actions.hpp"
#include "event/event.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::delivery {

// A batch that one target has committed.
struct Landing {
  std::string_view target{};
  const warehouse::Batch& batch;
  // By the batch's order; what is neither written nor duplicate has not landed. Empty where the batch's marker told:
  // all of it has, and which of it was there before is not known.
  std::span<const warehouse::Outcome> outcomes{};
  std::string_view statement_id{};  // empty where the database has no name for it
  bool from_backlog = false;
};

class Witness {
 public:
  virtual ~Witness() = default;
  // From the queue. Some may hold no event.
  virtual void received(std::span<const Arrival> arrivals) = 0;
  virtual void landed(const Landing& landing) = 0;
  // Durable in the target's backlog, or in the quarantine.
  virtual void parked(std::string_view target, std::span<const event::EventId> events) = 0;
  virtual void quarantined(std::string_view target, std::span<const event::EventId> events) = 0;
};

}  // namespace twinshift::delivery
