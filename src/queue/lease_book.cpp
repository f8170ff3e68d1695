#include "queue/lease_book.hpp"

namespace twinshift::queue {

LeaseBook::Loan LeaseBook::lend(std::int64_t id, base::SteadyTime deadline) {
  const Entry entry{.generation = ++generation_, .attempt = 1, .lent = true, .due = deadline};
  entries_.emplace(id, entry);
  by_due_.emplace_hint(by_due_.end(), deadline, id);
  ++lent_;
  return {id, entry.generation, entry.attempt};
}

std::vector<LeaseBook::Loan> LeaseBook::lend_due(base::SteadyTime now, base::SteadyTime deadline,
                                                 std::size_t loans_max) {
  std::vector<Loan> loans;
  // A deadline that is not after `now` would be due again at once.
  while (!by_due_.empty() && loans.size() < loans_max && by_due_.begin()->first <= now && deadline > now) {
    auto& found = *entries_.find(by_due_.begin()->second);
    Entry& entry = found.second;
    if (!entry.lent) ++lent_;
    entry.lent = true;
    entry.generation = ++generation_;
    ++entry.attempt;
    move_due(found, deadline);
    loans.push_back({found.first, entry.generation, entry.attempt});
  }
  return loans;
}

LeaseBook::Entries::iterator LeaseBook::present(std::int64_t id, std::uint32_t generation) {
  const auto found = entries_.find(id);
  const bool same = found != entries_.end() && found->second.lent && found->second.generation == generation;
  return same ? found : entries_.end();
}

void LeaseBook::move_due(Entries::value_type& entry, base::SteadyTime due) {
  by_due_.erase({entry.second.due, entry.first});
  entry.second.due = due;
  by_due_.emplace(due, entry.first);
}

bool LeaseBook::settle(std::int64_t id, std::uint32_t generation) {
  const auto found = present(id, generation);
  if (found == entries_.end()) return false;
  by_due_.erase({found->second.due, id});
  entries_.erase(found);
  --lent_;
  return true;
}

bool LeaseBook::give_back(std::int64_t id, std::uint32_t generation, base::SteadyTime not_before) {
  const auto found = present(id, generation);
  if (found == entries_.end()) return false;
  found->second.lent = false;
  --lent_;
  move_due(*found, not_before);
  return true;
}

bool LeaseBook::extend(std::int64_t id, std::uint32_t generation, base::SteadyTime deadline) {
  const auto found = present(id, generation);
  if (found == entries_.end()) return false;
  move_due(*found, deadline);
  return true;
}

void LeaseBook::forget(std::int64_t id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  if (found->second.lent) --lent_;
  by_due_.erase({found->second.due, id});
  entries_.erase(found);
}

std::optional<base::SteadyTime> LeaseBook::next_due() const {
  if (by_due_.empty()) return std::nullopt;
  return by_due_.begin()->first;
}

std::size_t LeaseBook::in_flight(base::SteadyTime now) const {
  std::size_t run_out = 0;
  for (auto due = by_due_.begin(); due != by_due_.end() && due->first <= now; ++due) {
    if (entries_.at(due->second).lent) ++run_out;
  }
  return lent_ - run_out;
}

}  // namespace twinshift::queue
