// Shows what is owed without lending it: reads the blocks' indexes, not their bodies, from descriptors of its own.
// Beside the live path; any thread.
#pragma once

#include "backlog/backlog.hpp"
#include "backlog/drivers/segments/ledger.hpp"

namespace twinshift::backlog::segments {

// False where some events' ids could not be told, or `show` had enough. Errors: unavailable (the disk).
base::Result<bool> visit_owed(const Ledger& ledger, const ShowOwed& show);

}  // namespace twinshift::backlog::segments
