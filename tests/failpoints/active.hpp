// The failpoints that do something: this library's definition of base::failpoint_link::reach(). A program that links it
// directly never takes the one of ts_base, which does nothing.
//
//   TWINSHIFT_FAILPOINTS=delivery.written=kill@2     the plan (plan.hpp)
//   TWINSHIFT_FAILPOINTS=file:PATH                   the plan stands in PATH and is read anew whenever a point is
//   passed;
//                                                    no file: nothing is ordered. What was done goes to PATH.acted, a
//                                                    line "NAME ACTION" each, written before it is done.
#pragma once

#include "base/error.hpp"

namespace twinshift::failpoints {

// Reads the plan before the first thread starts, so that a wrong one is told at once. A plan that becomes wrong later
// ends the process with code 2.
base::Status check_plan();

}  // namespace twinshift::failpoints
