#include "backlog/drivers/segments/ledger.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace twinshift::backlog::segments {

void Ledger::add(std::unique_ptr<Segment> segment, const Tally& tally) {
  const std::lock_guard lock(mutex_);
  tally_.owed += tally.owed;
  tally_.ids_only += tally.ids_only;
  for (const auto& [hour, events] : tally.by_hour) tally_.by_hour[hour] += events;
  segment->pass.next = segment->first();
  const std::uint32_t number = segment->number();
  segments_.emplace(number, std::move(segment));
}

std::uint64_t Unreadable::owed() const {
  std::int64_t owed = end - first;
  for (const EventRange& range : settled) owed -= range.count;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, owed));
}

void Ledger::add_unreadable(Unreadable segment) {
  const std::lock_guard lock(mutex_);
  unreadable_.emplace(segment.number, std::move(segment));
}

void Ledger::begin(std::uint32_t number, std::string path, std::int64_t first) {
  const std::lock_guard lock(mutex_);
  auto segment = std::make_unique<Segment>(number, std::move(path), first);
  segment->pass.next = first;
  segments_.emplace(number, std::move(segment));
}

void Ledger::append(std::span<const BlockPlace> places) {
  {
    const std::lock_guard lock(mutex_);
    TWINSHIFT_ASSERT(!segments_.empty());
    for (const BlockPlace& place : places) segments_.rbegin()->second->append(place, tally_);
    changed_locked();
  }
  changed_.notify_all();
}

void Ledger::seal() {
  const std::lock_guard lock(mutex_);
  if (segments_.empty()) return;
  Segment& newest = *segments_.rbegin()->second;
  newest.sealed = true;
  newest.drop_places();  // whoever reads it loads them again, and lets them go
}

std::vector<Finished> Ledger::settle(std::span<const EventRange> ranges) {
  std::vector<Finished> finished;
  {
    const std::lock_guard lock(mutex_);
    for (const EventRange& range : ranges) {
      for (std::int64_t event = range.first; event < range.first + range.count; ++event) {
        leaving_.erase(event);
        if (Segment* segment = holder_of(event)) segment->settle(event, tally_);
      }
    }
    finished = take_finished_locked();
    changed_locked();
  }
  changed_.notify_all();
  return finished;
}

std::vector<Finished> Ledger::take_finished() {
  const std::lock_guard lock(mutex_);
  return take_finished_locked();
}

std::vector<Finished> Ledger::take_finished_locked() {
  std::vector<Finished> finished;
  for (auto found = segments_.begin(); found != segments_.end();) {
    const Segment& segment = *found->second;
    if (!segment.sealed || !segment.all_settled()) {
      ++found;
      continue;
    }
    std::erase_if(lost_ranges_, [&](const EventRange& range) {
      return range.first >= segment.first() && range.first < segment.end();
    });
    if (segment.damaged) ++kept_aside_;
    finished.push_back({segment.number(), segment.path(), segment.damaged});
    found = segments_.erase(found);
  }
  return finished;
}

Journal::Content Ledger::journal_content(Position position) const {
  const std::lock_guard lock(mutex_);
  Journal::Content content{
      .position = position, .settled = {}, .settled_ranges = {}, .lost = lost_ranges_, .segments = {}};
  for (const auto& [number, segment] : segments_) {
    content.segments.push_back({.number = number, .first = segment->first()});
    if (!segment->settled_bits().empty()) content.settled.push_back({segment->first(), segment->settled_bits()});
  }
  for (const auto& [number, segment] : unreadable_) {
    content.segments.push_back({.number = number, .first = segment.first});
    content.settled_ranges.insert(content.settled_ranges.end(), segment.settled.begin(), segment.settled.end());
  }
  note_ends(content);
  return content;
}

// Where a segment ends is told by where the next number begins. Where that one is gone (all of it was settled) it is
// noted as begun all the same, and what stood up to the next one as settled, so that nobody takes it for owed or lost.
// Unless numbers were left out there: an unreadable file may hold more than is known of it.
void Ledger::note_ends(Journal::Content& content) const {
  const std::map<std::uint32_t, EventRange> held = sealed_ranges();
  for (const auto& [number, range] : held) {
    if (segments_.contains(number + 1) || unreadable_.contains(number + 1)) continue;
    const std::int64_t end = range.first + range.count;
    const std::int64_t gone = first_behind(number, content.position) - end;
    content.segments.push_back({.number = number + 1, .first = end});
    if (gone > 0 && gone < kSegmentNumbers) content.settled_ranges.push_back({end, gone});
  }
}

std::map<std::uint32_t, EventRange> Ledger::sealed_ranges() const {
  std::map<std::uint32_t, EventRange> ranges;
  for (const auto& [number, segment] : segments_) {
    if (segment->sealed) ranges[number] = {segment->first(), segment->end() - segment->first()};
  }
  for (const auto& [number, segment] : unreadable_) ranges[number] = {segment.first, segment.end - segment.first};
  return ranges;
}

std::int64_t Ledger::first_behind(std::uint32_t number, Position position) const {
  std::int64_t first = position.next_event;
  if (const auto next = segments_.upper_bound(number); next != segments_.end())
    first = std::min(first, next->second->first());
  if (const auto next = unreadable_.upper_bound(number); next != unreadable_.end())
    first = std::min(first, next->second.first);
  return first;
}

void Ledger::count_lost(std::span<const EventRange> ranges) {
  const std::lock_guard lock(mutex_);
  for (const EventRange& range : ranges) {
    lost_ += static_cast<std::uint64_t>(range.count);
    lost_ranges_.push_back(range);
    if (Segment* segment = holder_of(range.first)) segment->damaged = !segment->gone;
  }
}

std::vector<EventRange> Ledger::lose_file(std::uint32_t number) {
  const std::lock_guard lock(mutex_);
  Segment* segment = find(number);
  if (segment == nullptr || segment->gone) return {};
  segment->gone = true;
  segment->damaged = false;  // there is nothing to keep aside
  segment->pass.leftovers = false;
  return ranges_of(lendable_in(*segment, segment->first(), segment->end()));
}

void Ledger::count_kept_aside(std::uint64_t files) {
  const std::lock_guard lock(mutex_);
  kept_aside_ += files;
}

bool Ledger::holds(std::int64_t event) const {
  const std::lock_guard lock(mutex_);
  if (holder_of(event) != nullptr) return true;
  return std::ranges::any_of(
      unreadable_, [event](const auto& each) { return event >= each.second.first && event < each.second.end; });
}

std::vector<std::int64_t> Ledger::take_settled(std::span<const queue::Receipt> receipts) {
  const std::lock_guard lock(mutex_);
  std::vector<std::int64_t> events;
  for (const queue::Receipt& receipt : receipts) {
    if (!leases_.settle(receipt.id, receipt.generation)) continue;
    leaving_.emplace(receipt.id, true);
    events.push_back(receipt.id);
  }
  return events;
}

void Ledger::release(std::span<const queue::Receipt> receipts, std::chrono::milliseconds delay) {
  {
    const std::lock_guard lock(mutex_);
    const auto not_before = clock_.steady() + delay;
    for (const queue::Receipt& receipt : receipts) leases_.give_back(receipt.id, receipt.generation, not_before);
    changed_locked();
  }
  changed_.notify_all();
}

void Ledger::extend(std::span<const queue::Receipt> receipts, std::chrono::milliseconds duration) {
  const std::lock_guard lock(mutex_);
  const auto deadline = clock_.steady() + duration;
  for (const queue::Receipt& receipt : receipts) leases_.extend(receipt.id, receipt.generation, deadline);
}

Segment* Ledger::find(std::uint32_t number) const {
  const auto found = segments_.find(number);
  return found == segments_.end() ? nullptr : found->second.get();
}

// Numbers and events grow together.
Segment* Ledger::holder_of(std::int64_t event) const {
  // A drain asks for the oldest segment's; there are a handful to some hundreds.
  const auto found = std::ranges::find_if(segments_, [&](const auto& each) { return event < each.second->end(); });
  const bool inside = found != segments_.end() && event >= found->second->first();
  return inside ? found->second.get() : nullptr;
}

void Ledger::changed_locked() {
  ++changes_;
}

std::uint64_t Ledger::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

void Ledger::wait(std::uint64_t seen, base::SteadyTime until, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto now = clock_.steady();
  if (const auto due = leases_.next_due(); due && *due > now) until = std::min(until, *due);
  for (const auto& [number, segment] : segments_) {
    if (segment->pass.leftovers) until = std::min(until, segment->pass.again_at);
  }
  if (closed_ || until <= now) return;
  // Beyond this the sum with the present overflows.
  const auto left = std::min<base::SteadyTime::duration>(until - now, std::chrono::hours(24));
  changed_.wait_for(lock, stop, left, [this, seen] { return changes_ != seen || closed_; });
}

void Ledger::wake() {
  {
    const std::lock_guard lock(mutex_);
    changed_locked();
  }
  changed_.notify_all();
}

void Ledger::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

bool Ledger::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

Ledger::Snapshot Ledger::snapshot() const {
  const std::lock_guard lock(mutex_);
  Snapshot out{.tally = tally_,
               .bytes = 0,
               .lost = lost_,
               .damaged = kept_aside_,
               .unreadable_files = unreadable_.size(),
               .unreadable_events = 0,
               .oldest = {}};
  for (const auto& [number, segment] : unreadable_) out.unreadable_events += segment.owed();
  bool found_oldest = false;
  for (const auto& [number, segment] : segments_) {
    out.bytes += segment->bytes;
    if (segment->damaged) ++out.damaged;
    if (found_oldest || segment->all_settled()) continue;
    out.oldest = segment->oldest();
    found_oldest = true;
  }
  return out;
}

std::uint64_t Ledger::owed() const {
  const std::lock_guard lock(mutex_);
  return tally_.owed;
}

std::uint64_t Ledger::bytes() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t bytes = 0;
  for (const auto& [number, segment] : segments_) bytes += segment->bytes;
  return bytes;
}

}  // namespace twinshift::backlog::segments
