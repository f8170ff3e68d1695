// What a quarantine driver brings along to be tested: drivers/<name>/<name>_testbed.cpp defines
// make_<name>_quarantine_testbed(). One thread, the test's.
#pragma once

#include <memory>

#include "quarantine/quarantine.hpp"
#include "tests/support/manual_clock.hpp"

namespace twinshift::quarantine {

class QuarantineTestbed {
 public:
  virtual ~QuarantineTestbed() = default;
  // Opens the quarantine on this testbed's storage: empty the first time, what was left there afterwards. The one
  // opened before must be gone; the testbed outlives both. What it keeps can be read at once.
  virtual std::unique_ptr<Quarantine> open() = 0;
  // As another process reads it.
  virtual std::unique_ptr<Reader> reader() = 0;
  // The clock of what open() gives.
  virtual tests::ManualClock& clock() = 0;
};

// From the driver table: one function a driver.
#define QUARANTINE_DRIVER(name) std::unique_ptr<QuarantineTestbed> make_##name##_quarantine_testbed();
#include "app/drivers.def"

}  // namespace twinshift::quarantine
