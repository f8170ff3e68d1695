#include "proof/doubtful_windows.hpp"

#include <algorithm>
#include <utility>

namespace twinshift::proof {
namespace {

Digest digest_in(const Digests& digests, std::int64_t number) {
  const auto found = digests.find(number);
  return found == digests.end() ? Digest{} : found->second;
}

Digest minus(const Digest& one, const Digest& other) {
  return {one.rows - other.rows, one.key_low_sum - other.key_low_sum, one.key_high_sum - other.key_high_sum};
}

}  // namespace

// What is equal need not be listed, so only the differences can be compared. Of an event's copies a list tells one key,
// so where there are some their number must do: the event is named as doubled anyway.
bool DoubtfulWindows::Doubt::explained() const {
  const Digest differs = minus(seen[0], seen[1]);
  const Digest told = minus(listed[0], listed[1]);
  return doubled ? differs.rows == told.rows : differs == told;
}

void DoubtfulWindows::begin(const Pair<Digests>& digests, const std::vector<std::int64_t>& numbers, const Span& span,
                            std::chrono::seconds window) {
  doubts_.clear();
  span_ = span;
  window_ = window;
  for (const std::int64_t number : numbers) {
    doubts_.emplace(number, Doubt{.seen = {digest_in(digests[0], number), digest_in(digests[1], number)}});
  }
}

void DoubtfulWindows::listed(const Pair<std::vector<Listed>>& lists) {
  // None has begun where both tables hold nothing but rows without a time.
  if (doubts_.empty()) return;
  for (std::size_t side = 0; side < lists.size(); ++side) {
    for (const Listed& row : lists[side]) {
      const auto doubt = doubts_.find(window_of(row.event_at, window_));
      if (doubt == doubts_.end()) continue;
      doubt->second.doubled = doubt->second.doubled || row.copies > 1;
      for (std::int64_t copy = 0; copy < row.copies; ++copy) doubt->second.listed[side].add(row.key);
    }
  }
}

std::vector<DoubtfulWindows::Lone> DoubtfulWindows::lone() const {
  std::vector<Lone> found;
  for (const auto& [number, doubt] : doubts_) {
    const std::size_t more = doubt.seen[0].rows > doubt.seen[1].rows ? 0 : 1;
    const Digest one = minus(doubt.seen[more], doubt.seen[1 - more]);
    Digest alone;
    const std::int64_t key = (one.key_high_sum << kKeyBits / 2) | one.key_low_sum;
    alone.add(key);
    // Sums that are no halves of a key give another digest.
    if (one.rows != 1 || one.key_high_sum < 0 || one != alone) continue;
    const Span whole = span_of(number, window_);
    found.push_back({{std::max(whole.from, span_.from), std::min(whole.to, span_.to)}, key});
    if (found.size() > kLoneMax) return {};
  }
  return found;
}

bool DoubtfulWindows::is_explained(base::WallTime at) const {
  const auto doubt = doubts_.find(window_of(at, window_));
  const bool differs = doubt != doubts_.end() && doubt->second.seen[0] != doubt->second.seen[1];
  return differs && doubt->second.explained();
}

void DoubtfulWindows::looked_up(Pair<std::vector<Listed>>& lists) {
  listed(lists);
  for (auto& side : lists) {
    std::erase_if(side, [&](const Listed& row) { return !is_explained(row.event_at); });
  }
  for (auto& [number, doubt] : doubts_) {
    if (!doubt.explained()) doubt = Doubt{.seen = doubt.seen};
  }
}

// An event that stands in two windows is listed in one of them: what one lacks the other has too much of.
bool DoubtfulWindows::explained_together(const std::vector<std::int64_t>& numbers) const {
  Doubt all;
  for (const std::int64_t number : numbers) {
    const Doubt& doubt = doubts_.at(number);
    all.doubled = all.doubled || doubt.doubled;
    for (std::size_t side = 0; side < all.seen.size(); ++side) {
      all.seen[side] += doubt.seen[side];
      all.listed[side] += doubt.listed[side];
    }
  }
  return all.explained();
}

base::Result<std::vector<Span>> DoubtfulWindows::unexplained(const Sides& sides) const {
  std::vector<std::int64_t> open;
  for (const auto& [number, doubt] : doubts_) {
    if (!doubt.explained()) open.push_back(number);
  }
  if (explained_together(open)) return std::vector<Span>();
  std::vector<Span> found;
  for (std::size_t at = 0; at < open.size(); at += kSpansMax) {
    std::vector<Span> spans;
    for (std::size_t i = at; i < std::min(open.size(), at + kSpansMax); ++i) {
      const Span whole = span_of(open[i], window_);
      spans.push_back({std::max(whole.from, span_.from), std::min(whole.to, span_.to)});
    }
    auto now = ask_both(sides, [&](Side& side, std::size_t) { return side.windows(spans, window_); });
    if (!now) return base::fail(std::move(now.error()));
    for (std::size_t i = 0; i < spans.size(); ++i) {
      const std::int64_t number = open[at + i];
      // A table that has changed meanwhile was another one when it was listed.
      const Pair<Digest> again{digest_in((*now)[0], number), digest_in((*now)[1], number)};
      if (again == doubts_.at(number).seen) found.push_back(spans[i]);
    }
  }
  return found;
}

}  // namespace twinshift::proof
