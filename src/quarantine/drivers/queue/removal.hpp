// Which records a removal takes, out of what a sweep saw. Plain code, no I/O.
#pragma once

#include <cstdint>
#include <vector>

#include "quarantine/drivers/queue/record_book.hpp"
#include "quarantine/quarantine.hpp"

namespace twinshift::quarantine {

// Marks in `taken`, which is as long as `entries`, those that still are as the tickets read them; how many are new
// there. `entries` stand by id.
std::uint64_t take_records(const std::vector<Entry>& entries, const std::vector<Ticket>& tickets,
                           std::vector<bool>& taken);

}  // namespace twinshift::quarantine
