// Finds the ids that two tables differ in within a span whose digests differ: by ever smaller spans of time, which the
// tables' order serves, then by the keys' first bits, until the rest is small enough to be listed and laid side by
// side.
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

// Called with some at a time (at most 2 x kListedMax); an error ends the splitting.
using TakeSuspects = std::function<base::Status(std::vector<Suspect>)>;

class Splitter {
 public:
  Splitter(const Sides& sides, TakeSuspects take) : sides_(sides), take_(std::move(take)) {}

  // `window`: the span's length, a multiple of a minute.
  base::Status split(const Span& span, std::chrono::seconds window);

 private:
  base::Status split_time(const Span& span, std::chrono::seconds window);
  base::Status split_keys(const Slice& slice);
  base::Status list(const Slice& slice);

  const Sides sides_;
  const TakeSuspects take_;
};

// What stands on one side only, or with another key. Doubled ids are found by a question of their own. No I/O.
std::vector<Suspect> compare(const Pair<std::vector<Listed>>& lists);

}  // namespace twinshift::proof
