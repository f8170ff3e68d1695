// Cuts a span into slices that are small enough to be looked at row by row: by ever smaller spans of time, which the
// tables' order serves, then by the keys' first bits. Of a comparison only where the digests differ.
//
// One thread; asks both sides at the same time.
#pragma once

#include <chrono>
#include <functional>
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
};

// Called with a slice that is small enough; an error ends the splitting.
using TakeSlice = std::function<base::Status(const Slice&)>;

class Splitter {
 public:
  enum class Which : std::uint8_t {
    differing,   // only slices whose digests differ
    everything,  // all that either side holds
  };
  Splitter(const Sides& sides, Which which, std::size_t rows_max, TakeSlice take)
      : sides_(sides), which_(which), rows_max_(rows_max), take_(std::move(take)) {}

  // Slices of the span with at most rows_max rows a side, but for what is of one moment and has the same key's first 60
  // bits. `part`: what the span is asked by first, in seconds or whole minutes.
  base::Status split(const Span& span, std::chrono::seconds part);

  [[nodiscard]] std::size_t rows_max() const { return rows_max_; }
  // May be called by what takes a slice.
  void set_rows_max(std::size_t rows_max) { rows_max_ = rows_max; }

 private:
  class Gathered;
  base::Status split_keys(const Slice& slice);
  [[nodiscard]] std::vector<std::int64_t> chosen(const Pair<Digests>& digests) const;
  [[nodiscard]] bool fits(std::int64_t rows) const { return rows <= static_cast<std::int64_t>(rows_max_); }

  const Sides sides_;
  const Which which_;
  std::size_t rows_max_;
  const TakeSlice take_;
};

// What stands on one side only, or with another key. Doubled ids are found by a question of their own. No I/O.
std::vector<Suspect> compare(const Pair<std::vector<Listed>>& lists);

}  // namespace twinshift::proof
