#include "quarantine/drivers/queue/removal.hpp"

#include <algorithm>

namespace twinshift::quarantine {

std::uint64_t take_records(const std::vector<Entry>& entries, const std::vector<Ticket>& tickets,
                           std::vector<bool>& taken) {
  std::uint64_t count = 0;
  const auto id_of = [](const Entry& entry) { return entry.record.id; };
  for (const Ticket& ticket : tickets) {
    const auto found = std::ranges::lower_bound(entries, ticket.id, {}, id_of);
    if (found == entries.end() || found->record.id != ticket.id || found->record.tries != ticket.tries) continue;
    const auto index = static_cast<std::size_t>(found - entries.begin());
    if (taken[index]) continue;
    taken[index] = true;
    ++count;
  }
  return count;
}

}  // namespace twinshift::quarantine
