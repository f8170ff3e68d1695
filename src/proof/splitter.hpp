// Cuts a span into slices that are small enough to be looked at row by row: by ever smaller spans of time, which the
// tables' order serves, then by the keys' first bits. Of a comparison only where the digests differ.
//
// One thread; asks both sides at the same time.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "proof/both.hpp"
#include "proof/digest.hpp"

namespace twinshift::proof {

// An id that seemed to stand differently on the two sides, once; what it is on each.
struct Suspect {
  Listed row;                   // as the side shows it that has more of it
  Pair<std::int64_t> copies{};  // by side
  Pair<std::int64_t> keys{};    // by side; 0 where it is not
  bool doubled = false;         // found as one that stands more than once on a side: of the other nothing is said
};

// Called with a slice that is small enough; an error ends the splitting.
using TakeSlice = std::function<base::Status(const Slice&)>;

// A span of which is known how many rows a side holds at most.
struct Piece {
  Span span{};
  std::int64_t rows = 0;
  std::array<bool, 2> empty{};  // by side: it holds nothing of it
};

class Splitter {
 public:
  enum class Which : std::uint8_t {
    differing,   // only slices whose digests differ
    everything,  // all that either side holds
  };
  Splitter(const Sides& sides, Which which, std::size_t rows_max, TakeSlice take)
      : sides_(sides), which_(which), rows_max_(rows_max), take_(std::move(take)) {}

  // What is chosen of two answers to Side::windows(spans, part).
  [[nodiscard]] std::vector<Piece> choose(const Pair<Digests>& digests, std::span<const Span> spans,
                                          std::chrono::seconds part) const;

  // Slices of the pieces with at most rows_max rows a side, but for what is of one moment and has the same key's first
  // 60 bits. Each piece lies within one part; a part is of seconds or whole minutes.
  base::Status split(std::span<const Piece> pieces, std::chrono::seconds part);

  // Likewise a slice, by the keys' first bits.
  base::Status split(const Slice& slice) { return split_keys(slice); }

  [[nodiscard]] std::size_t rows_max() const { return rows_max_; }
  // May be called by what takes a slice.
  void set_rows_max(std::size_t rows_max) { rows_max_ = rows_max; }

 private:
  class Gathered;
  base::Status split_further(std::span<const Span> spans, std::chrono::seconds part);
  base::Status split_keys(const Slice& slice);
  [[nodiscard]] std::vector<std::int64_t> chosen(const Pair<Digests>& digests) const;
  [[nodiscard]] std::int64_t listed_max(std::span<const Piece> pieces) const;
  [[nodiscard]] bool fits(std::int64_t rows) const { return rows <= static_cast<std::int64_t>(rows_max_); }

  const Sides sides_;
  const Which which_;
  std::size_t rows_max_;
  const TakeSlice take_;
};

// What stands on one side only, or with another key or time. Doubled ids are found by a question of their own. No I/O.
std::vector<Suspect> compare(const Pair<std::vector<Listed>>& lists);

}  // namespace twinshift::proof
