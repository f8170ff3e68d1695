// Which of some rows were changed behind our back, on which side, and in which columns. No I/O; any thread.
#pragma once

#include <string>
#include <vector>

#include "proof/both.hpp"
#include "proof/finding.hpp"
#include "warehouse/stored_event.hpp"

namespace twinshift::proof {

// `rows`: all that either side holds of some ids, or of a slice. `changed` and `foreign` findings, by id.
std::vector<Finding> changed_rows(const Pair<std::vector<warehouse::StoredEvent>>& rows,
                                  const Pair<std::string>& targets, bool ids_from_content);

}  // namespace twinshift::proof
