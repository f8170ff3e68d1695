#include "delivery/publisher.hpp"

#include <algorithm>

#include "base/failpoint.hpp"
#include "warehouse/markers.hpp"

namespace twinshift::delivery {
namespace {

using namespace std::chrono_literals;
using warehouse::OwedRow;

// More rows than one call takes: the next follow soon, between other calls.
constexpr auto kBetweenSteps = 1'000ms;
// How soon an idle lane sees what was given. It is no hurry, and a look costs nothing.
constexpr auto kBetweenLooks = 2'000ms;
// A right that is missing is not given from one minute to the next.
constexpr auto kAfterRefusal = 3'600'000ms;

bool same_counts(const OwedRow& a, const OwedRow& b) {
  return a.received == b.received && a.owed == b.owed && a.quarantined == b.quarantined && a.waived == b.waived;
}

bool is_settled(const OwedRow& row) {
  return row.arrival_at < row.as_of - warehouse::kLoadsKept && row.owed == 0 && row.quarantined == 0;
}

}  // namespace

void Publisher::give(const std::vector<OwedRow>& rows) {
  if (rows.empty()) return;
  const OwedRow& any = rows.front();
  const std::lock_guard lock(mutex_);
  const auto first = known_.lower_bound({any.target, base::WallTime::min()});
  const bool first_set = first == known_.end() || first->first.first != any.target;
  Rows gone;
  for (auto each = first; each != known_.end() && each->first.first == any.target; ++each) gone.insert(*each);
  for (const OwedRow& row : rows) {
    gone.erase({row.target, row.arrival_at});
    if (first_set && is_settled(row)) {
      known_.emplace(Key{row.target, row.arrival_at}, row);
    } else {
      note(row);
    }
  }
  // An hour of which nothing is left to say.
  for (const auto& [key, row] : gone) {
    note({.instance = row.instance, .target = row.target, .arrival_at = row.arrival_at, .as_of = any.as_of});
  }
}

// Of two rows the later one counts, so a clock that is turned back must not make one older.
void Publisher::note(OwedRow row) {
  const Key key{row.target, row.arrival_at};
  const auto before = known_.find(key);
  if (before != known_.end()) {
    if (same_counts(before->second, row)) return;
    row.as_of = std::max(row.as_of, before->second.as_of + std::chrono::microseconds(1));
  }
  known_.insert_or_assign(key, row);
  waiting_.insert_or_assign(key, std::move(row));
}

std::vector<OwedRow> Publisher::take() {
  const std::lock_guard lock(mutex_);
  std::vector<OwedRow> taken;
  while (!waiting_.empty() && taken.size() < warehouse::kOwedRowsMax) {
    taken.push_back(std::move(waiting_.extract(waiting_.begin()).mapped()));
  }
  return taken;
}

void Publisher::put_back(std::vector<OwedRow> rows) {
  const std::lock_guard lock(mutex_);
  for (OwedRow& row : rows) {
    const Key key{row.target, row.arrival_at};
    waiting_.try_emplace(key, std::move(row));  // unless a later one has come
  }
}

bool Publisher::has_more() const {
  const std::lock_guard lock(mutex_);
  return !waiting_.empty();
}

base::Status Publisher::publish(warehouse::Warehouse& warehouse) {
  std::vector<OwedRow> rows = take();
  if (rows.empty()) return {};
  base::failpoint(base::Failpoint::delivery_publish_before);
  base::Status published = warehouse.publish(rows);
  if (!published) put_back(std::move(rows));
  return published;
}

void Publisher::step(warehouse::Warehouse& warehouse, std::chrono::steady_clock::time_point now) {
  if (now < next_ || !has_more()) return;
  const base::Status published = publish(warehouse);
  next_ = now + (published && has_more() ? kBetweenSteps : warehouse.publish_interval());
  if (published) return;
  if (published.error().kind == base::ErrorKind::conflict) next_ = now + kAfterRefusal;
  if (throttle_.pass(published.error().message, now)) {
    base::log::warn("The books of this instance cannot be published, so other instances do not see them")
        .add(published.error());
  }
}

void Publisher::finish(warehouse::Warehouse& warehouse) {
  if (!has_more()) return;
  if (const auto published = publish(warehouse); !published) {
    base::log::warn(
        "The last books of this instance were not published; they follow with its first batch after the next start")
        .add(published.error());
  }
}

std::chrono::milliseconds Publisher::wait(std::chrono::steady_clock::time_point now) const {
  if (!has_more()) return kBetweenLooks;
  return std::clamp<std::chrono::milliseconds>(std::chrono::ceil<std::chrono::milliseconds>(next_ - now), 1ms,
                                               kBetweenLooks);
}

}  // namespace twinshift::delivery
