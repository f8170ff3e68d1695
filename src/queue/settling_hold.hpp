// A queue whose deletions can be held for a moment, so that whoever copies the stores meets every accepted event: in
// the queue, whatever became of it meanwhile, or in a store that was copied before. Those elsewhere (SQS) are none.
#pragma once

#include <chrono>

#include "base/error.hpp"

namespace twinshift::queue {

class SettlingHold {
 public:
  virtual ~SettlingHold() = default;
  // Once this returns nothing that was acknowledged is deleted, until end_hold(), for `most` at the longest; a deletion
  // that was under way has ended. All else goes on. Any thread; a second hold takes the place of the first. Errors:
  // unavailable (the file's writer does not come back from its disk).
  virtual base::Status hold_settling(std::chrono::milliseconds most) = 0;
  // True: nothing was deleted since. Any thread.
  virtual bool end_hold() = 0;
};

}  // namespace twinshift::queue
