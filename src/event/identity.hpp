// Ids of events, version 1: docs/formats/identity.md. Any thread may call these functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "event/event.hpp"

namespace twinshift::event {

// The first 128 bits of SHA-256 over both texts, one behind the other.
EventId hash_id(std::string_view first, std::string_view second = {});

// The id's first 62 bits, never negative.
std::int64_t key_of(const EventId& id);

// The id of an event by its content. Any bytes have one: what is no object, or too deep, is hashed as it is.
EventId content_id(std::string_view json);

// The id that was minted at intake: a UUID's own 128 bits, or the first 128 bits of SHA-256 over any other text.
EventId minted_id(std::string_view message_id);

}  // namespace twinshift::event
