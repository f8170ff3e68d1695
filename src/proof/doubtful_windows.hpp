// Windows whose digests differ must show in their rows why. Where both tables stand still and the rows that were listed
// do not make up the difference, it is not known what differs, and the window must not pass for equal.
//
// One thread; asks both sides at the same time.
#pragma once

#include <chrono>
#include <map>
#include <vector>

#include "base/error.hpp"
#include "proof/both.hpp"
#include "proof/digest.hpp"
#include "proof/questions.hpp"

namespace twinshift::proof {

// Looked up one by one at most; beyond it tables differ so much that they are better searched.
inline constexpr std::size_t kLoneMax = 320;

class DoubtfulWindows {
 public:
  // `digests`: of the tables alone, within `span`. `numbers`: the windows that are looked into.
  void begin(const Pair<Digests>& digests, const std::vector<std::int64_t>& numbers, const Span& span,
             std::chrono::seconds window);
  // Windows that differ by one row: the difference of their sums is its key, so that it need not be searched for. None
  // where there are more than kLoneMax.
  struct Lone {
    Span span{};
    std::int64_t key = 0;
  };
  [[nodiscard]] std::vector<Lone> lone() const;
  // What stands under such keys. Keeps of the lists only what explains a window whole.
  void looked_up(Pair<std::vector<Listed>>& lists);
  // The rows that were listed make up all that this window differs by.
  [[nodiscard]] bool is_explained(base::WallTime at) const;

  // What a slice of them holds now.
  void listed(const Pair<std::vector<Listed>>& lists);
  // After all slices: those that have not changed meanwhile and are not explained by what was listed. Asks again only
  // for what the lists leave open.
  base::Result<std::vector<Span>> unexplained(const Sides& sides) const;

 private:
  struct Doubt {
    Pair<Digest> seen{};
    Pair<Digest> listed{};  // of the slices that were listed
    bool doubled = false;   // an event was listed that stands there more than once

    [[nodiscard]] bool explained() const;
  };
  [[nodiscard]] bool explained_together(const std::vector<std::int64_t>& numbers) const;
  std::map<std::int64_t, Doubt> doubts_;  // by number of window; those of one bite
  Span span_{};
  std::chrono::seconds window_{};
};

}  // namespace twinshift::proof
