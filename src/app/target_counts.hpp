// Counts of a delivery that has ended, carried over to the one that follows it (a reload): what is shown counts from
// the process's start, whatever delivery counted it. Pure; any thread.
#pragma once

#include <vector>

#include "delivery/delivery.hpp"

namespace twinshift::app {

// `now` with what `before` had counted added to the targets of the same name; how things stand is `now`'s alone.
std::vector<delivery::TargetStatus> with_counts_of(const std::vector<delivery::TargetStatus>& before,
                                                   std::vector<delivery::TargetStatus> now);

}  // namespace twinshift::app
