#include "app/oldest_debt.hpp"

#include <algorithm>

#include "app/debts_of_others.hpp"
#include "warehouse/markers.hpp"

namespace twinshift::app {
namespace {

using base::WallTime;
using proof::OldestDebt;

constexpr OldestDebt kUnknown{.known = false};

OldestDebt older(const OldestDebt& one, const OldestDebt& other) {
  if (!one.known || !other.known) return kUnknown;
  if (!one.arrived || !other.arrived) return one.arrived ? one : other;
  return {.arrived = std::min(*one.arrived, *other.arrived)};
}

}  // namespace

OldestDebt oldest_in(const base::Result<queue::Arrivals>& arrivals, std::chrono::milliseconds oldest_age,
                     WallTime now) {
  if (!arrivals || !arrivals->waiting_known) return kUnknown;
  std::optional<WallTime> hour;
  for (const queue::HourOfArrival& each : arrivals->hours) {
    if (each.waiting > 0) hour = std::min(hour.value_or(each.hour), each.hour);
  }
  if (!hour) return {};
  // What was replayed may be older than what has waited longest.
  const WallTime longest = now - oldest_age;
  const bool exact = oldest_age.count() > 0 && warehouse::hour_of(longest) == *hour;
  return {.arrived = exact ? longest : *hour};
}

OldestDebt oldest_elsewhere(const queue::QueueStatus& status, WallTime now) {
  if (!status.depth_known || !status.drained_at) return kUnknown;
  const bool empty = status.depth + status.dead_lettered + status.in_flight == 0;
  // Another instance may hold what was handed out before.
  WallTime oldest = *status.drained_at - (empty ? std::chrono::minutes(kCountsSettle) : kQueuedMax);
  if (status.oldest_age.count() > 0) oldest = std::min(oldest, now - status.oldest_age);
  return {.arrived = oldest};
}

OldestDebt oldest_owed(backlog::Backlog& backlog, WallTime now) {
  const backlog::BacklogStatus status = backlog.status();
  // A backlog that is a queue elsewhere tells no more than that it is not empty.
  if (!status.storage) return status.owed == 0 ? OldestDebt{} : kUnknown;
  if (status.storage->unreadable_events > 0) return kUnknown;
  return oldest_in(backlog.count_arrivals(), status.oldest_age, now);
}

OldestDebt oldest_debt(const proof::StoreDebts::Parts& stores, bool queue_tells, WallTime now) {
  OldestDebt oldest = queue_tells ? oldest_in(stores.queue->count_arrivals(), stores.queue->status().oldest_age, now)
                                  : oldest_elsewhere(stores.queue->status(), now);
  for (const auto& [target, backlog] : stores.backlogs) oldest = older(oldest, oldest_owed(*backlog, now));
  return oldest;
}

}  // namespace twinshift::app
