// Alone in this file: a program that brings a definition of its own never takes this one out of the library.
#include "base/failpoint.hpp"

namespace twinshift::base::failpoint_link {

Verdict reach(Failpoint) noexcept {
  return Verdict::go_on;
}

}  // namespace twinshift::base::failpoint_link
