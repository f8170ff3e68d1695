// Is a row still the event that was written? By what it tells and its identity, never by comparing columns: each column
// may hold its value in a form of its own. No I/O; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "event/event.hpp"
#include "warehouse/stored_event.hpp"

namespace twinshift::proof {

enum class Fault : std::uint8_t {
  none,
  no_id,     // event_id is none
  no_event,  // the row tells no event
  content,   // it tells another event than its id names
  renamed,   // event_id was changed: event_key still says the id of what the row tells
  column,    // event_key, event_at or id_version is not what the event gives
};

struct Soundness {
  Fault fault = Fault::none;
  std::string columns;     // what differs, as far as the row alone can say: "event_key, event_at"
  std::string content_id;  // of what it tells; empty where it tells nothing
};

// `ids_from_content`: false where ids are minted (EVENT_IDENTITY=message): then a row alone does not say whether its
// content is the event's, and only what is derived from id and content is checked.
Soundness soundness_of(const warehouse::StoredEvent& row, bool ids_from_content);
// Likewise, of a row whose text has been decoded (by its content): `told`, null where that is none.
Soundness soundness_of(const warehouse::StoredEvent& row, const event::Event* told, bool ids_from_content);

// The names of the top-level fields in which two events differ: "af_revenue, event_name"; at most kFieldsNamed, then
// "...". Both are JSON objects.
inline constexpr std::size_t kFieldsNamed = 8;
std::string differing_fields(std::string_view one, std::string_view other);

}  // namespace twinshift::proof
