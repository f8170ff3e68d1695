// Named moments at which tests end, stop or mislead the real program (docs/failpoints.md). In `twinshift` itself every
// function here answers "go on" (failpoint.cpp); tests link `twinshift_failpoints` from the same libraries with another
// definition of reach() (tests/failpoints), which does what TWINSHIFT_FAILPOINTS says. So nothing is compiled twice,
// and what people run holds neither the names nor a way to switch anything on.
//
// A point stands where a batch passes, never where each event does. Any thread; where a test says so, the call does not
// return, or not soon.
#pragma once

#include <cstdint>

namespace twinshift::base {

enum class Failpoint : std::uint8_t {
#define TWINSHIFT_FAILPOINT(id, name, may, meaning) id,
#include "base/failpoints.def"
#undef TWINSHIFT_FAILPOINT
};

namespace failpoint_link {

enum class Verdict : std::uint8_t { go_on, fail, drop };

// The one function that differs between the two programs.
Verdict reach(Failpoint point) noexcept;

}  // namespace failpoint_link

// The process may be killed here, or wait.
inline void failpoint(Failpoint point) noexcept {
  (void)failpoint_link::reach(point);
}

// The same, and true where what comes next is to fail: the caller makes the error that it would meet in the field.
[[nodiscard]] inline bool failpoint_fails(Failpoint point) noexcept {
  return failpoint_link::reach(point) == failpoint_link::Verdict::fail;
}

// The same, and true where one event is to be lost without a word. Only the books can tell afterwards.
[[nodiscard]] inline bool failpoint_drops(Failpoint point) noexcept {
  return failpoint_link::reach(point) == failpoint_link::Verdict::drop;
}

}  // namespace twinshift::base
