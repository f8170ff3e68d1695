// Texts that a database refuses, made acceptable for a typed column. The original stands in `extra` then.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace twinshift::event {

// Valid UTF-8 (RFC 3629: no surrogates) without NUL.
bool is_storable(std::string_view text);

// Each byte of what is not storable, NUL too, becomes U+FFFD; a lone surrogate in its three-byte form becomes one.
std::string make_storable(std::string_view text);

// The longest beginning of `text` (valid UTF-8) that is at most `bytes` long and ends between two characters.
std::string_view cut_to_bytes(std::string_view text, std::size_t bytes);

}  // namespace twinshift::event
