// What is to be written of an event, given its rows on both sides. No I/O; any thread.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "event/event.hpp"
#include "proof/mend.hpp"
#include "warehouse/stored_event.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::proof {

// One event on its way into a batch; with it those whose rows bore its id because somebody renamed them.
struct MendRow {
  std::vector<event::EventPtr> events;          // at least one
  std::vector<warehouse::EventPlace> remove{};  // where its rows stand that go
  std::uint64_t standing = 0;                   // how many
};

struct MendChoice {
  std::optional<MendRow> row{};        // to be written
  bool in_order = false;               // stands once, sound: nothing is to be done
  LeftWhy why = LeftWhy::gone;         // neither of both: it is left
  std::optional<MendPlace> crooked{};  // of a copy: the row that it was taken from
};

using Rows = std::span<const warehouse::StoredEvent>;

// All rows of one event. `ids_from_content`: false where ids are minted (EVENT_IDENTITY=message).
MendChoice choose_copy(Rows elsewhere, bool ids_from_content);
// `here`: the rows that are to be replaced; none of them goes without another that tells the same event, or the event
// that its id names.
MendChoice choose_replacement(Rows here, Rows elsewhere, bool ids_from_content);

// From its 32 digits (warehouse::is_event_id).
event::EventId event_id_of(const std::string& digits);

}  // namespace twinshift::proof
