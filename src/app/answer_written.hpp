// Whether a command's answer has reached standard output: an answer that is cut must not pass for a whole one.
#pragma once

#include "base/error.hpp"

namespace twinshift::app {

// At the end of an answer, by the thread that wrote it. `unavailable` with the system's reason where standard output
// did not take all of it (a full disk, a closed pipe).
base::Status answer_written();

}  // namespace twinshift::app
