#include "proof/splitter.hpp"

#include <algorithm>
#include <map>
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

bool listable(std::int64_t rows) {
  return rows <= static_cast<std::int64_t>(kListedMax);
}

// Gathers neighbours that together can be listed, so that few of them are not a question each.
class Gatherer {
 public:
  // False: it has no room for this one any more.
  [[nodiscard]] bool fits(std::int64_t rows) const {
    return count_ == 0 || (listable(rows_ + rows) && count_ < kPrefixesMax);
  }
  void add(std::int64_t rows) {
    rows_ += rows;
    ++count_;
  }
  void clear() { *this = {}; }

 private:
  std::int64_t rows_ = 0;
  std::size_t count_ = 0;
};

std::chrono::seconds part_of(std::chrono::seconds window) {
  return window % kTimeParts == 0s ? window / kTimeParts : kTimeMin;
}

}  // namespace

base::Status Splitter::split(const Span& span, std::chrono::seconds window) {
  auto whole = ask_both(sides_, [&](Side& side, std::size_t) { return side.windows(span, window); });
  if (!whole) return base::fail(std::move(whole.error()));
  std::int64_t rows = 0;
  for (const std::int64_t number : differing((*whole)[0], (*whole)[1])) rows = std::max(rows, rows_of(*whole, number));
  if (rows == 0) return {};
  if (listable(rows)) return list({.span = span});
  return split_time(span, window);
}

base::Status Splitter::split_time(const Span& span, std::chrono::seconds window) {
  if (window <= kTimeMin) return split_keys({.span = span});
  const std::chrono::seconds part = part_of(window);
  auto parts = ask_both(sides_, [&](Side& side, std::size_t) { return side.windows(span, part); });
  if (!parts) return base::fail(std::move(parts.error()));
  Gatherer gathered;
  Span together{};
  const auto flush = [&]() -> base::Status {
    const bool any = together.to > together.from;
    const Slice slice{.span = std::exchange(together, {})};
    gathered.clear();
    return any ? list(slice) : base::Status();
  };
  for (const std::int64_t number : differing((*parts)[0], (*parts)[1])) {
    const Span one = span_of(number, part);
    const std::int64_t rows = rows_of(*parts, number);
    // Only what touches is listed together: between may stand any number of rows that do not differ.
    if (!gathered.fits(rows) || together.to != one.from) {
      if (auto done = flush(); !done) return done;
    }
    if (!listable(rows)) {
      if (auto done = split_time(one, part); !done) return done;
      continue;
    }
    gathered.add(rows);
    together = {together.to > together.from ? together.from : one.from, one.to};
  }
  return flush();
}

base::Status Splitter::split_keys(const Slice& slice) {
  auto parts = ask_both(sides_, [&](Side& side, std::size_t) { return side.parts(slice); });
  if (!parts) return base::fail(std::move(parts.error()));
  const int bits = slice.key_bits + kSplitBits;
  const bool deepest = bits + kSplitBits > kKeyBits;
  Gatherer gathered;
  Slice together{.span = slice.span, .key_bits = bits};
  const auto flush = [&]() -> base::Status {
    const Slice some = std::exchange(together, {.span = slice.span, .key_bits = bits});
    gathered.clear();
    return some.prefixes.empty() ? base::Status() : list(some);
  };
  for (const std::int64_t prefix : differing((*parts)[0], (*parts)[1])) {
    const std::int64_t rows = rows_of(*parts, prefix);
    if (!listable(rows) && !deepest) {
      if (auto done = split_keys({slice.span, bits, {prefix}}); !done) return done;
      continue;
    }
    if (!gathered.fits(rows)) {
      if (auto done = flush(); !done) return done;
    }
    gathered.add(rows);
    together.prefixes.push_back(prefix);
  }
  return flush();
}

base::Status Splitter::list(const Slice& slice) {
  auto lists = ask_both(sides_, [&](Side& side, std::size_t) { return side.list(slice); });
  if (!lists) return base::fail(std::move(lists.error()));
  std::vector<Suspect> suspects = compare(*lists);
  return suspects.empty() ? base::Status() : take_(std::move(suspects));
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
