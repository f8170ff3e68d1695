// A UUID as 128 bits and as its usual text. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "event/event.hpp"

namespace twinshift::journal {

// 36 characters, lower case: what uuid_text() gives back from the text's own 128 bits.
bool is_uuid_text(std::string_view text);
std::string uuid_text(const event::EventId& bits);

}  // namespace twinshift::journal
