// The bytes inside a JSON string: is a UTF-8 sequence sound, and what do the escapes stand for. Any thread may call
// these; nothing is allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace twinshift::event {

// Length of the valid UTF-8 sequence that starts at `text`, 0 where there is none before `end` (RFC 3629: no
// surrogates, no overlong forms, nothing beyond U+10FFFF). `text` must be before `end`.
std::size_t utf8_sequence_length(const char* text, const char* end);

bool is_utf8(std::string_view text);

// The value of four hex digits at `text`, -1 where one of them is none. Four bytes must be there.
int hex4(const char* text);

// What stands between the quotes of a string that the scanner took, with its escapes decoded: a pair of surrogate
// escapes becomes its character, a lone one its three bytes (WTF-8). Never longer than `raw`, which is all the room
// that `out` needs. Returns the bytes written.
std::size_t decode_json_string(std::string_view raw, char* out);

}  // namespace twinshift::event
