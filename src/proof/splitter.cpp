#include "proof/splitter.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

namespace twinshift::proof {
namespace {

using namespace std::chrono_literals;

// An hour falls into minutes, a minute into seconds.
constexpr int kTimeParts = 60;
constexpr std::chrono::seconds kTimeMin{1};
constexpr std::int64_t kListedPart = 16;

std::int64_t rows_of(const Digests& digests, std::int64_t number) {
  const auto found = digests.find(number);
  return found == digests.end() ? 0 : found->second.rows;
}

std::array<bool, 2> empty_in(const Pair<Digests>& digests, std::int64_t number) {
  return {rows_of(digests[0], number) == 0, rows_of(digests[1], number) == 0};
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

// What together is small enough, so that few rows are not a question each.
class Splitter::Gathered {
 public:
  explicit Gathered(Splitter& splitter) : splitter_(splitter) {}

  base::Status add(const Piece& piece) {
    const bool joins = !slice_.spans.empty() && joined(slice_.spans.back(), piece.span);
    if (!splitter_.fits(rows_ + piece.rows) || (!joins && slice_.spans.size() == kSpansMax)) {
      if (auto done = flush(); !done) return done;
    }
    rows_ += piece.rows;
    narrow(piece.empty);
    if (!slice_.spans.empty() && joins) {
      slice_.spans.back().to = piece.span.to;
    } else {
      slice_.spans.push_back(piece.span);
    }
    return {};
  }
  base::Status add(const Slice& of, std::int64_t prefix, std::int64_t rows, std::array<bool, 2> empty) {
    if (slice_.prefixes.size() == kPrefixesMax || !splitter_.fits(rows_ + rows)) {
      if (auto done = flush(); !done) return done;
    }
    narrow(empty);
    slice_.spans = of.spans;
    slice_.outside = of.outside;
    slice_.key_bits = of.key_bits + kSplitBits;
    slice_.prefixes.push_back(prefix);
    rows_ += rows;
    return {};
  }
  base::Status flush() {
    rows_ = 0;
    const Slice slice = std::exchange(slice_, {});
    slice_.empty = kNothingYet;
    return slice.spans.empty() && !slice.outside ? base::Status() : splitter_.take_(slice);
  }

 private:
  // Between two that differ may stand any number of rows that do not; where everything is taken there is nothing.
  [[nodiscard]] bool joined(const Span& one, const Span& next) const {
    return splitter_.which_ == Which::everything || one.to == next.from;
  }

  // A side is empty of all of it where it is of each part.
  void narrow(std::array<bool, 2> empty) {
    for (std::size_t side = 0; side < empty.size(); ++side) slice_.empty[side] = slice_.empty[side] && empty[side];
  }

  static constexpr std::array<bool, 2> kNothingYet{true, true};

  Splitter& splitter_;
  Slice slice_{.empty = kNothingYet};
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

std::vector<Piece> Splitter::choose(const Pair<Digests>& digests, std::span<const Span> spans,
                                    std::chrono::seconds part) const {
  std::vector<Piece> pieces;
  std::size_t at = 0;
  for (const std::int64_t number : chosen(digests)) {
    const Span whole = span_of(number, part);
    while (at < spans.size() && spans[at].to <= whole.from) ++at;
    if (at == spans.size()) break;
    pieces.push_back({cut(whole, spans[at]), rows_of(digests, number), empty_in(digests, number)});
  }
  return pieces;
}

// Listing costs more than a further question about sums, so of many rows that differ somewhere less is listed at once.
std::int64_t Splitter::listed_max(std::span<const Piece> pieces) const {
  std::int64_t rows = 0;
  for (const Piece& piece : pieces) rows += piece.rows;
  const auto most = static_cast<std::int64_t>(rows_max_);
  return which_ == Which::everything || rows <= most ? most : most / kListedPart;
}

base::Status Splitter::split(std::span<const Piece> pieces, std::chrono::seconds part) {
  Gathered gathered(*this);
  const std::int64_t most = listed_max(pieces);
  std::vector<Span> large;
  for (const Piece& piece : pieces) {
    // Of what one side lacks altogether every row is wanted.
    if ((piece.empty[0] || piece.empty[1]) ? !fits(piece.rows) : piece.rows > most) {
      // What is gathered must not be joined over it.
      if (auto done = gathered.flush(); !done) return done;
      large.push_back(piece.span);
    } else if (auto done = gathered.add(piece); !done) {
      return done;
    }
  }
  if (auto done = gathered.flush(); !done) return done;
  for (std::size_t at = 0; at < large.size(); at += kSpansMax) {
    const auto some = std::span(large).subspan(at, std::min(kSpansMax, large.size() - at));
    if (auto done = split_further(some, part); !done) return done;
  }
  return {};
}

base::Status Splitter::split_further(std::span<const Span> spans, std::chrono::seconds part) {
  if (part <= kTimeMin) {
    for (const Span& span : spans) {
      if (auto done = split_keys({.spans = {span}}); !done) return done;
    }
    return {};
  }
  const std::chrono::seconds next = smaller(part);
  auto parts = ask_both(sides_, [&](Side& side, std::size_t) { return side.windows(spans, next); });
  if (!parts) return base::fail(std::move(parts.error()));
  return split(choose(*parts, spans, next), next);
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
      if (auto done =
              split_keys({.spans = slice.spans, .key_bits = bits, .prefixes = {prefix}, .outside = slice.outside});
          !done)
        return done;
      continue;
    }
    if (auto done = gathered.add(slice, prefix, rows, empty_in(*parts, prefix)); !done) return done;
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
    const bool same =
        both && suspect.keys[0] == suspect.keys[1] && warehouse::is_same_time(rows[0]->event_at, rows[1]->event_at);
    if (same) continue;
    suspect.row = *rows[suspect.copies[1] > suspect.copies[0] ? 1 : 0];
    suspects.push_back(std::move(suspect));
  }
  return suspects;
}

}  // namespace twinshift::proof
