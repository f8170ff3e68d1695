// Reads events back out of a target's table: the inverse of writing a batch, for whoever no longer has the event itself
// (a backlog over its budget). One implementation for all drivers, over Warehouse::query.
//
// Threads: one at a time. Calls block up to the driver's own limits.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "event/event.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

class EventReader {
 public:
  virtual ~EventReader() = default;

  // By the order asked for: a JSON object canonically equal to the event that was written, nothing where the table does
  // not hold it or its row does not tell an event; of several rows the one that has the id by its content. Whoever asks
  // checks the id: the table's owner may have changed a row.
  virtual base::Result<std::vector<std::optional<std::string>>> read(std::span<const EventPlace> places) = 0;
};

// `warehouse` need not be prepared: it is only asked. `table` as statements name it, `parts` the table beside it that
// holds texts too long for a row.
std::unique_ptr<EventReader> make_event_reader(std::unique_ptr<Warehouse> warehouse, std::string table,
                                               std::string parts);

}  // namespace twinshift::warehouse
