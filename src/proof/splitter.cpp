#include "proof/splitter.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace twinshift::proof {
namespace {

using namespace std::chrono_literals;

// An hour falls into minutes, a minute into seconds.
constexpr int kTimeParts = 60;
constexpr std::chrono::seconds kTimeMin{1};

std::int64_t rows_of(const Digests& digests, std::int64_t number) {
  const auto found = digests.find(number);
  return found == digests.end() ? 0 : found->second.rows;
}

// The most that one side holds of it.
std::int64_t rows_of(const Pair<Digests>& digests, std::int64_t number) {
  return std::max(rows_of(digests[0], number), rows_of(digests[1], number));
}

std::chrono::seconds smaller(std::chrono::seconds part) {
  return part % kTimeParts == 0s ? part / kTimeParts : kTimeMin;
}

Span cut(const Span& span, const Span& within) {
  return {std::max(span.from, within.from), std::min(span.to, within.to)};
}

}  // namespace

// Neighbours that together are small enough, so that few rows are not a question each.
class Splitter::Gathered {
 public:
  explicit Gathered(Splitter& splitter) : splitter_(splitter) {}

  base::Status add(const Span& span, std::int64_t rows) {
    // Between two that differ may stand any number of rows that do not.
    const bool apart = splitter_.which_ == Which::differing && span.from != slice_.span.to;
    if (rows_ > 0 && (apart || !splitter_.fits(rows_ + rows))) {
      if (auto done = flush(); !done) return done;
    }
    slice_.span = {rows_ > 0 ? slice_.span.from : span.from, span.to};
    rows_ += rows;
    return {};
  }
  base::Status add(const Slice& of, std::int64_t prefix, std::int64_t rows) {
    if (rows_ > 0 && (slice_.prefixes.size() == kPrefixesMax || !splitter_.fits(rows_ + rows))) {
      if (auto done = flush(); !done) return done;
    }
    slice_.span = of.span;
    slice_.key_bits = of.key_bits + kSplitBits;
    slice_.prefixes.push_back(prefix);
    rows_ += rows;
    return {};
  }
  base::Status flush() {
    if (rows_ == 0) return {};
    const Slice slice = std::exchange(slice_, {});
    rows_ = 0;
    return splitter_.take_(slice);
  }

 private:
  Splitter& splitter_;
  Slice slice_;
  std::int64_t rows_ = 0;
};

std::vector<std::int64_t> Splitter::chosen(const Pair<Digests>& digests) const {
  if (which_ == Which::differing) return differing(digests[0], digests[1]);
  std::set<std::int64_t> numbers;
  for (const Digests& side : digests) {
    for (const auto& [number, digest] : side) numbers.insert(number);
  }
  return {numbers.begin(), numbers.end()};
}

base::Status Splitter::split(const Span& span, std::chrono::seconds part) {
  auto parts = ask_both(sides_, [&](Side& side, std::size_t) { return side.windows(span, part); });
  if (!parts) return base::fail(std::move(parts.error()));
  Gathered gathered(*this);
  for (const std::int64_t number : chosen(*parts)) {
    const Span one = cut(span_of(number, part), span);
    const std::int64_t rows = rows_of(*parts, number);
    if (fits(rows)) {
      if (auto done = gathered.add(one, rows); !done) return done;
      continue;
    }
    if (auto done = gathered.flush(); !done) return done;
    auto done = part > kTimeMin ? split(one, smaller(part)) : split_keys({.span = one});
    if (!done) return done;
  }
  return gathered.flush();
}

base::Status Splitter::split_keys(const Slice& slice) {
  auto parts = ask_both(sides_, [&](Side& side, std::size_t) { return side.parts(slice); });
  if (!parts) return base::fail(std::move(parts.error()));
  const int bits = slice.key_bits + kSplitBits;
  const bool deepest = bits + kSplitBits > kKeyBits;
  Gathered gathered(*this);
  for (const std::int64_t prefix : chosen(*parts)) {
    const std::int64_t rows = rows_of(*parts, prefix);
    if (!fits(rows) && !deepest) {
      if (auto done = split_keys({slice.span, bits, {prefix}}); !done) return done;
      continue;
    }
    if (auto done = gathered.add(slice, prefix, rows); !done) return done;
  }
  return gathered.flush();
}

std::vector<Suspect> compare(const Pair<std::vector<Listed>>& lists) {
  std::map<std::string_view, Pair<const Listed*>> by_id;
  for (std::size_t side = 0; side < lists.size(); ++side) {
    for (const Listed& row : lists[side]) by_id[row.id][side] = &row;
  }
  std::vector<Suspect> suspects;
  for (const auto& [id, rows] : by_id) {
    Suspect suspect;
    for (std::size_t side = 0; side < rows.size(); ++side) {
      if (rows[side] == nullptr) continue;
      suspect.copies[side] = rows[side]->copies;
      suspect.keys[side] = rows[side]->key;
    }
    const bool both = suspect.copies[0] > 0 && suspect.copies[1] > 0;
    const bool same = both && suspect.keys[0] == suspect.keys[1];
    if (same) continue;
    suspect.row = *rows[suspect.copies[1] > suspect.copies[0] ? 1 : 0];
    suspects.push_back(std::move(suspect));
  }
  return suspects;
}

}  // namespace twinshift::proof
