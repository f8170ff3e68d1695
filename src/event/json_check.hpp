// Looks through one JSON text without building anything: is it JSON, and would every JSON database type take it
// and give it back?
#pragma once

#include <cstdint>
#include <string_view>

namespace twinshift::event {

struct JsonCheck {
  // One JSON value with nothing but white space around it, at most kNestingMax levels deep (deeper is not looked at).
  bool valid = false;
  // No escape of NUL or of a lone surrogate: jsonb and SUPER refuse those.
  bool storable = false;
  // No number that a double would change (survives_double).
  bool narrow = false;
  char first = 0;  // the value's first character: { [ " t f n - 0..9
};

// `text` is valid UTF-8 (its bytes beyond ASCII are not looked at). Linear in its size, no recursion, no memory. Any
// thread may call it.
JsonCheck check_json(std::string_view text);

}  // namespace twinshift::event
