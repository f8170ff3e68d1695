// Which messages are lent, until when, for which time; and which were given back and wait. In memory alone. For the
// drivers that keep their own leases: the embedded queue, the backlog's segments.
// One thread at a time (the driver's book lock).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace twinshift::queue {

class LeaseBook {
 public:
  struct Loan {
    std::int64_t id = 0;
    std::uint32_t generation = 0;
    std::uint32_t attempt = 1;
  };

  // Generations count up from `first_generation`, over all messages: no two loans share one.
  explicit LeaseBook(std::uint32_t first_generation) : generation_(first_generation) {}

  // A first loan.
  Loan lend(std::int64_t id, base::SteadyTime deadline);

  // Lends again up to `loans_max` of those whose lease has run out or whose delay is over, longest due first.
  std::vector<Loan> lend_due(base::SteadyTime now, base::SteadyTime deadline, std::size_t loans_max);

  // All three change nothing and say false where the receipt is not of the present loan. A lease that has run out but
  // was not lent again can still be settled.
  bool settle(std::int64_t id, std::uint32_t generation);
  bool give_back(std::int64_t id, std::uint32_t generation, base::SteadyTime not_before);
  bool extend(std::int64_t id, std::uint32_t generation, base::SteadyTime deadline);
  // Forgets a message that turned out to be gone.
  void forget(std::int64_t id);

  // Lent, or given back and waiting.
  [[nodiscard]] bool contains(std::int64_t id) const { return entries_.contains(id); }
  // When the next one can be lent again.
  [[nodiscard]] std::optional<base::SteadyTime> next_due() const;
  // Lent and given back together.
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  // Lent, and the lease has not run out.
  [[nodiscard]] std::size_t in_flight(base::SteadyTime now) const;

 private:
  struct Entry {
    std::uint32_t generation = 0;
    std::uint32_t attempt = 1;
    bool lent = true;
    base::SteadyTime due{};  // lent: the deadline; given back: not lent before
  };
  using Entries = std::unordered_map<std::int64_t, Entry>;

  Entries::iterator present(std::int64_t id, std::uint32_t generation);
  void move_due(Entries::value_type& entry, base::SteadyTime due);

  std::uint32_t generation_;
  Entries entries_;
  std::set<std::pair<base::SteadyTime, std::int64_t>> by_due_;
  std::size_t lent_ = 0;
};

}  // namespace twinshift::queue
