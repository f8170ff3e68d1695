// A queue that keeps the count of what is waived (HourOfArrival::waived) in the messages' own transactions. Those that
// keep no such count (Arrivals::kept) are none.
#pragma once

namespace twinshift::queue {

class Waiver {
 public:
  virtual ~Waiver() = default;
  // From now on (again no longer, with false) what is acknowledged counts as waived: a target is switched off that was
  // to have it. What was acknowledged before counts as it did, also where it is not yet deleted. Any thread.
  virtual void waive(bool waives) = 0;
};

}  // namespace twinshift::queue
