#include "delivery/publisher.hpp"

#include <algorithm>

#include "base/failpoint.hpp"
#include "warehouse/markers.hpp"
#include "warehouse/owed_word.hpp"

namespace twinshift::delivery {
namespace {

using namespace std::chrono_literals;
using warehouse::OwedRow;

// More rows than one call takes: the next follow soon, between other calls.
constexpr auto kBetweenSteps = 1'000ms;
// How soon an idle lane sees what was given. It is no hurry, and a look costs nothing.
constexpr auto kBetweenLooks = 2'000ms;
// Statements of a lane that ends: so many rows change in a stop's last moment only after an outage of days.
constexpr int kLastStatementsMax = 25;
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

void Publisher::speak(OwedRow word) {
  const std::lock_guard lock(mutex_);
  // As with rows: the later one counts.
  if (last_word_ && word.as_of <= last_word_->as_of) word.as_of = last_word_->as_of + std::chrono::microseconds(1);
  last_word_ = word;
  word_ = std::move(word);
}

void Publisher::announce(OwedRow word) {
  const std::lock_guard lock(mutex_);
  started_ = std::move(word);
}

void Publisher::settle() {
  const std::lock_guard lock(mutex_);
  settled_ = true;
}

std::vector<OwedRow> Publisher::take() {
  const std::lock_guard lock(mutex_);
  std::vector<OwedRow> taken;
  if (started_) taken.push_back(*std::exchange(started_, std::nullopt));
  while (!waiting_.empty() && taken.size() < warehouse::kOwedRowsMax) {
    taken.push_back(std::move(waiting_.extract(waiting_.begin()).mapped()));
  }
  if (word_ && waiting_.empty() && taken.size() < warehouse::kOwedRowsMax) {
    taken.push_back(*std::exchange(word_, std::nullopt));
  }
  return taken;
}

void Publisher::put_back(std::vector<OwedRow> rows) {
  const std::lock_guard lock(mutex_);
  for (OwedRow& row : rows) {
    if (row.arrival_at == warehouse::kWordHour) {
      std::optional<OwedRow>& word = row.target == warehouse::kStarted ? started_ : word_;
      if (!word) word = std::move(row);
      continue;
    }
    const Key key{row.target, row.arrival_at};
    waiting_.try_emplace(key, std::move(row));  // unless a later one has come
  }
}

bool Publisher::has_more() const {
  const std::lock_guard lock(mutex_);
  return !waiting_.empty() || word_ || started_;
}

base::Status Publisher::publish(warehouse::Warehouse& warehouse, std::vector<OwedRow> rows) {
  if (rows.empty()) return {};
  base::failpoint(base::Failpoint::delivery_publish_before);
  base::Status published = warehouse.publish(rows);
  if (!published) put_back(std::move(rows));
  return published;
}

void Publisher::step(warehouse::Warehouse& warehouse, std::chrono::steady_clock::time_point now) {
  if (!due(now)) return;
  std::vector<OwedRow> rows = take();
  const bool start_alone = rows.size() == 1 && rows.front().target == warehouse::kStarted;
  const base::Status published = publish(warehouse, std::move(rows));
  next_ = now + (published && has_more() ? kBetweenSteps : warehouse.publish_interval());
  if (!published) failed(published.error(), start_alone, now);
}

void Publisher::begin(warehouse::Warehouse& warehouse, std::chrono::steady_clock::time_point now) {
  std::vector<OwedRow> first;
  {
    const std::lock_guard lock(mutex_);
    if (!started_ || now < next_) return;
    first.push_back(*std::exchange(started_, std::nullopt));
  }
  if (const auto published = publish(warehouse, std::move(first)); !published) {
    postpone(warehouse, now);
    failed(published.error(), true, now);
  }
}

// `start_alone`: nothing of the books was lost sight of, for there is nothing yet.
void Publisher::failed(const base::Error& error, bool start_alone, std::chrono::steady_clock::time_point now) {
  if (error.kind == base::ErrorKind::conflict) next_ = now + kAfterRefusal;
  if (!throttle_.pass(start_alone ? "start: " + error.message : error.message, now)) return;
  base::log::warn(start_alone ? "This instance cannot say in the target that it has started; it is said again and "
                                "again, and until then verify goes by its last word"
                              : "The books of this instance cannot be published, so other instances do not see them")
      .add(error);
}

// The last word, for good. Only where there has been one: of what was never counted nothing is known.
void Publisher::say_settled() {
  const std::lock_guard lock(mutex_);
  if (!settled_ || !last_word_) return;
  word_ = last_word_;
  word_->target = warehouse::kSettled;
}

void Publisher::finish(warehouse::Warehouse& warehouse) {
  say_settled();
  for (int i = 0; i < kLastStatementsMax && has_more(); ++i) {
    const auto published = publish(warehouse, take());
    if (published) continue;
    base::log::warn(
        "The last books of this instance were not published; they follow with its first batch after the next start")
        .add(published.error());
    return;
  }
}

std::chrono::milliseconds Publisher::wait(std::chrono::steady_clock::time_point now) const {
  if (!has_more()) return kBetweenLooks;
  return std::clamp<std::chrono::milliseconds>(std::chrono::ceil<std::chrono::milliseconds>(next_ - now), 1ms,
                                               kBetweenLooks);
}

}  // namespace twinshift::delivery
