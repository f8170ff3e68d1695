// Text in a terminal's columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace twinshift::app {

// Code points, not bytes.
std::size_t characters(std::string_view text);
// Control characters would spoil (or steer) a terminal: shown as \n, \t or '?'.
std::string printable(std::string_view text);
// Appends `text` and blanks up to `width` characters.
void append_padded(std::string& out, std::string_view text, std::size_t width);
// At most `bytes_max` bytes, cut at a character's edge, with "..." where something was cut.
std::string shortened(std::string text, std::size_t bytes_max);

}  // namespace twinshift::app
