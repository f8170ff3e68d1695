// What status() and count_arrivals() tell from the ledger.
#pragma once

#include "backlog/backlog.hpp"
#include "backlog/drivers/segments/ledger.hpp"

namespace twinshift::backlog::segments {

// Without what the writer and the refiller know.
BacklogStatus status_of(const Ledger::Snapshot& ledger, base::WallTime now);
queue::Arrivals arrivals_of(const Ledger::Snapshot& ledger);

}  // namespace twinshift::backlog::segments
