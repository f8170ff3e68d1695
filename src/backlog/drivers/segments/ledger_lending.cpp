// The lender's side of the ledger: which event is lent next.
#include <algorithm>
#include <utility>

#include "backlog/drivers/segments/ledger.hpp"

namespace twinshift::backlog::segments {
namespace {

using namespace std::chrono_literals;

// A segment in which some events could not be lent (the primary has no body for them, or could not be asked) is gone
// through again after this long, doubling.
constexpr auto kAgainFirst = 1s;
constexpr auto kAgainMost = 300s;

base::SteadyTime::duration pause_after(int failures) {
  return std::min<base::SteadyTime::duration>(kAgainMost, kAgainFirst * (1 << std::min(failures, 10)));
}

}  // namespace

std::vector<queue::LeaseBook::Loan> Ledger::lend_due(base::SteadyTime deadline, std::size_t loans_max) {
  const std::lock_guard lock(mutex_);
  return leases_.lend_due(clock_.steady(), deadline, loans_max);
}

std::optional<queue::LeaseBook::Loan> Ledger::lend(std::int64_t event, base::SteadyTime deadline) {
  const std::lock_guard lock(mutex_);
  if (leases_.size() + leaving_.size() >= lent_max_ || leases_.contains(event) || leaving_.contains(event)) {
    return std::nullopt;
  }
  const Segment* segment = holder_of(event);
  if (segment == nullptr || segment->gone || segment->settled(event)) return std::nullopt;
  return leases_.lend(event, deadline);
}

bool Ledger::forget(std::int64_t event) {
  const std::lock_guard lock(mutex_);
  leases_.forget(event);
  const Segment* segment = holder_of(event);
  return segment == nullptr || !segment->gone || segment->settled(event);
}

void Ledger::give_back(const queue::LeaseBook::Loan& loan, std::chrono::milliseconds delay) {
  const std::lock_guard lock(mutex_);
  leases_.give_back(loan.id, loan.generation, clock_.steady() + delay);
}

bool Ledger::has_room_to_lend() const {
  const std::lock_guard lock(mutex_);
  return leases_.size() + leaving_.size() < lent_max_;
}

Ledger::Offer Ledger::offer_in(const Segment& segment, std::int64_t event) {
  return {.segment = segment.number(),
          .path = segment.path(),
          .event = event,
          .next_place = segment.next_place(event),
          .end = segment.end(),
          .has_places = segment.has_places(),
          .place = segment.place_of(event)};
}

void Ledger::renew_pass(Segment& segment, base::SteadyTime now) {
  if (!segment.pass.leftovers || now < segment.pass.again_at) return;
  segment.pass.next = segment.first();
  segment.pass.leftovers = false;
}

std::optional<Ledger::Offer> Ledger::next_offer(std::uint32_t from) {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.steady();
  for (auto found = segments_.lower_bound(from); found != segments_.end(); ++found) {
    Segment& segment = *found->second;
    if (segment.gone || segment.all_settled()) continue;
    if (segment.pass.next >= segment.end()) renew_pass(segment, now);
    std::int64_t event = segment.next_owed(segment.pass.next);
    while (event < segment.end() && (leases_.contains(event) || leaving_.contains(event))) {
      event = segment.next_owed(event + 1);
    }
    segment.pass.next = event;
    if (event < segment.end()) return offer_in(segment, event);
  }
  return std::nullopt;
}

std::optional<Ledger::Offer> Ledger::offer_of(std::int64_t event) const {
  const std::lock_guard lock(mutex_);
  const Segment* segment = holder_of(event);
  if (segment == nullptr || segment->settled(event)) return std::nullopt;
  return offer_in(*segment, event);
}

std::vector<std::int64_t> Ledger::lendable(std::int64_t first, std::int64_t end) const {
  const std::lock_guard lock(mutex_);
  const Segment* segment = holder_of(first);
  return segment == nullptr ? std::vector<std::int64_t>() : lendable_in(*segment, first, end);
}

std::vector<std::int64_t> Ledger::lendable_in(const Segment& segment, std::int64_t first, std::int64_t end) const {
  std::vector<std::int64_t> events;
  end = std::min(end, segment.end());
  for (std::int64_t event = segment.next_owed(first); event < end; event = segment.next_owed(event + 1)) {
    if (!leases_.contains(event) && !leaving_.contains(event)) events.push_back(event);
  }
  return events;
}

std::vector<std::int64_t> Ledger::owed_among(std::int64_t first, std::int64_t end) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::int64_t> events;
  const Segment* segment = holder_of(first);
  if (segment == nullptr) return events;
  end = std::min(end, segment->end());
  for (std::int64_t event = segment->next_owed(first); event < end; event = segment->next_owed(event + 1)) {
    events.push_back(event);
  }
  return events;
}

std::vector<std::string> Ledger::paths() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> paths;
  for (const auto& [number, segment] : segments_) paths.push_back(segment->path());
  return paths;
}

void Ledger::offered_up_to(std::uint32_t number, std::int64_t next, Leftovers leftovers) {
  const std::lock_guard lock(mutex_);
  Segment* segment = find(number);
  if (segment == nullptr || segment->gone) return;
  Segment::Pass& pass = segment->pass;
  pass.next = std::max(pass.next, next);
  if (leftovers == Leftovers::none || pass.leftovers) return;
  pass.leftovers = true;
  pass.again_at = clock_.steady() + (leftovers == Leftovers::later ? pause_after(pass.failures++) : kAgainFirst);
}

void Ledger::renew_passes() {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, segment] : segments_) {
      segment->pass.again_at = {};
      segment->pass.failures = 0;
    }
    changed_locked();
  }
  changed_.notify_all();
}

void Ledger::set_places(std::uint32_t number, std::vector<BlockPlace> places) {
  const std::lock_guard lock(mutex_);
  if (Segment* segment = find(number)) segment->set_places(std::move(places));
}

void Ledger::drop_places(std::uint32_t number) {
  const std::lock_guard lock(mutex_);
  if (Segment* segment = find(number); segment != nullptr && segment->sealed) segment->drop_places();
}

void Ledger::mark_damaged(std::uint32_t number) {
  const std::lock_guard lock(mutex_);
  if (Segment* segment = find(number)) segment->damaged = true;
}

void Ledger::without_bodies(std::uint32_t number, std::int64_t first, std::int64_t end) {
  const std::lock_guard lock(mutex_);
  if (Segment* segment = find(number)) segment->without_bodies(first, end, tally_);
}

}  // namespace twinshift::backlog::segments
