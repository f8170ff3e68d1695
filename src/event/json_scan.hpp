// A strict scanner for one JSON object (RFC 8259) in UTF-8. It walks every byte, so nothing in a value goes unchecked,
// and takes all that the grammar allows: any nesting, numbers of any length, lone surrogate escapes. No recursion; time
// is linear in the text, and so is memory (one bit a level, besides the tape). Any thread may call these functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "event/event.hpp"

namespace twinshift::event {

// Positions are 32 bits wide; a longer text is refused.
inline constexpr std::size_t kScanBytesMax = 0xFFFF'FFFE;

struct ScanError {
  std::string_view what;   // static text, never the content
  std::size_t at = 0;      // byte, from 0
  bool is_object = false;  // the text at least starts as an object
};

// One value or key. A container is followed by what it holds: an object by key, value, key, value; an array by values.
struct TapeNode {
  std::uint32_t begin = 0;   // where its own text starts (strings: behind the quote)
  std::uint32_t length = 0;  // of that text (strings: without quotes)
  std::uint32_t next = 0;    // index of the node behind this one and all it holds
  std::uint32_t count = 0;   // containers: members or values
  ValueKind kind = ValueKind::null;
  bool escaped = false;  // strings: contains a backslash
};

struct Tape {
  std::vector<TapeNode> nodes;  // the first is the object itself; what lies deeper than kNestingMax is left out
  bool too_deep = false;        // deeper than kNestingMax somewhere
  bool nul = false;             // \u0000 in some key or text
  bool lone_surrogate = false;  // half a surrogate pair in some key or text
};

// Checks only. Nothing where the text is one JSON object with at most white space around it.
std::optional<ScanError> scan_object(std::string_view json);

// Checks, and leaves the object's structure on `tape` (its memory is used again). After an error its content is
// unspecified.
std::optional<ScanError> scan_object(std::string_view json, Tape& tape);

}  // namespace twinshift::event
