// What a backlog lends in place of an event's JSON where nobody holds it any more because a person had it erased: its
// id and time. No queue's message can be taken for one, for intake takes JSON objects alone, and only what comes out of
// a backlog is read so.
#pragma once

#include <string>

#include "base/error.hpp"
#include "event/event.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::backlog {

std::string erased_body(const event::EventId& id, base::WallTime event_at);

// The event that a backlog has lent. Of an erased one without JSON and fields: its target has noted it, and calls it a
// duplicate. `invalid` as decode_event(). Any thread.
base::Result<event::EventPtr> decode_owed(queue::Message message, event::IdentityMode mode);

}  // namespace twinshift::backlog
