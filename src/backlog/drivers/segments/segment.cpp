#include "backlog/drivers/segments/segment.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

#include "base/assert.hpp"

namespace twinshift::backlog::segments {
namespace {

constexpr std::int64_t kWordBits = 64;

}  // namespace

void Tally::add(base::WallTime hour, bool without_body, std::uint64_t events) {
  owed += events;
  by_hour[hour] += events;
  if (without_body) ids_only += events;
}

void Tally::remove(base::WallTime hour, bool without_body) {
  --owed;
  if (without_body) --ids_only;
  const auto found = by_hour.find(hour);
  TWINSHIFT_ASSERT(found != by_hour.end());
  if (--found->second == 0) by_hour.erase(found);
}

std::uint64_t Segment::append(const BlockPlace& place, Tally& tally) {
  const BlockHeader& header = place.header;
  const std::uint64_t lost = lose_up_to(header.first);
  const bool without_body = header.kind == BlockKind::ids_only;
  if (runs_.empty() || runs_.back().hour != header.hour || runs_.back().without_body != without_body) {
    runs_.push_back(
        {.first = header.first, .hour = header.hour, .oldest = header.oldest, .without_body = without_body});
  }
  end_ = header.end();
  bytes = place.end;
  ++blocks;
  tally.add(header.hour, without_body, header.count);
  if (has_places_) places_.push_back(place);
  return lost;
}

std::uint64_t Segment::lose_up_to(std::int64_t end) {
  const std::int64_t from = end_;
  end_ = std::max(end_, end);
  for (std::int64_t event = from; event < end_; ++event) mark(event);
  return static_cast<std::uint64_t>(end_ - from);
}

void Segment::mark(std::int64_t event) {
  const std::int64_t at = event - first_;
  const auto word = static_cast<std::size_t>(at / kWordBits);
  if (word >= bits_.size()) bits_.resize(word + 1);
  bits_[word] |= std::uint64_t{1} << static_cast<unsigned>(at % kWordBits);
  ++settled_;
}

bool Segment::settled(std::int64_t event) const {
  const std::int64_t at = event - first_;
  const auto word = static_cast<std::size_t>(at / kWordBits);
  return word < bits_.size() && ((bits_[word] >> static_cast<unsigned>(at % kWordBits)) & 1U) != 0;
}

bool Segment::settle(std::int64_t event, Tally& tally) {
  if (event < first_ || event >= end_ || settled(event)) return false;
  mark(event);
  const Run& run = run_of(event);
  tally.remove(run.hour, run.without_body);
  return true;
}

std::int64_t Segment::next_owed(std::int64_t event) const {
  event = std::max(event, first_);
  while (event < end_) {
    const std::int64_t at = event - first_;
    const auto word = static_cast<std::size_t>(at / kWordBits);
    if (word >= bits_.size()) return event;
    const std::uint64_t open = ~bits_[word] >> static_cast<unsigned>(at % kWordBits);
    if (open != 0) return std::min(end_, event + std::countr_zero(open));
    event = first_ + static_cast<std::int64_t>(word + 1) * kWordBits;
  }
  return end_;
}

const Segment::Run& Segment::run_of(std::int64_t event) const {
  const auto after = std::ranges::upper_bound(runs_, event, {}, &Run::first);
  TWINSHIFT_ASSERT(after != runs_.begin());
  return *std::prev(after);
}

// The run that begins at `event`, made where there is none.
std::size_t Segment::split_at(std::int64_t event) {
  const auto found = std::ranges::lower_bound(runs_, event, {}, &Run::first);
  const auto at = static_cast<std::size_t>(found - runs_.begin());
  if (event >= end_ || (found != runs_.end() && found->first == event)) return at;
  TWINSHIFT_ASSERT(at > 0);
  Run run = runs_[at - 1];
  run.first = event;
  runs_.insert(found, run);
  return at;
}

void Segment::without_bodies(std::int64_t first, std::int64_t end, Tally& tally) {
  const std::size_t begin = split_at(first);
  const std::size_t behind = split_at(end);
  for (std::size_t i = begin; i < behind; ++i) {
    Run& run = runs_[i];
    if (std::exchange(run.without_body, true)) continue;
    const std::int64_t run_end = i + 1 < runs_.size() ? runs_[i + 1].first : end_;
    for (std::int64_t event = next_owed(run.first); event < run_end; event = next_owed(event + 1)) ++tally.ids_only;
  }
}

void Segment::set_places(std::vector<BlockPlace> places) {
  places_ = std::move(places);
  has_places_ = true;
}

void Segment::drop_places() {
  places_ = {};
  has_places_ = false;
}

std::optional<BlockPlace> Segment::place_of(std::int64_t event) const {
  const auto found = std::ranges::upper_bound(places_, event, {}, [](const BlockPlace& p) { return p.header.first; });
  if (found == places_.begin()) return std::nullopt;
  const BlockPlace& place = *std::prev(found);
  return event < place.header.end() ? std::optional(place) : std::nullopt;
}

std::int64_t Segment::next_place(std::int64_t event) const {
  const auto found = std::ranges::upper_bound(places_, event, {}, [](const BlockPlace& p) { return p.header.first; });
  return found == places_.end() ? end_ : found->header.first;
}

base::WallTime Segment::oldest() const {
  const std::int64_t event = next_owed(first_);
  if (event >= end_) return {};
  if (const auto place = place_of(event)) return place->header.oldest;
  return run_of(event).oldest;
}

}  // namespace twinshift::backlog::segments
