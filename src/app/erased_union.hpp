// Both targets' lists of erased events (`twinshift_erased`), made the same before repair or rebuild writes anything: a
// target whose database was lost, or that was away during an erasure, would else be given back what a person had
// erased. Whatever stands in it against the other one's list goes, as in `twinshift erase`. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "app/erased_apart.hpp"
#include "base/error.hpp"
#include "proof/both.hpp"

namespace twinshift::app {

// Ids that are named; the others are counted.
inline constexpr std::size_t kStandingNamedMax = 1'000;
// Each notes up to kBehindMax (eraser.hpp) on each side; a list that still grows after so many is said.
inline constexpr int kUnionRoundsMax = 1'000;

struct ErasedUnion {
  struct Side {
    std::uint64_t noted = 0;           // events that the other side's list had and this one had not
    std::uint64_t standing = 0;        // of these: that stood in the table here
    std::uint64_t rows = 0;            // that went
    std::vector<std::string> named{};  // of those that stood: at most kStandingNamedMax
  };
  std::array<Side, 2> sides{};
  bool more = false;  // where nothing was changed: there are more than were counted

  [[nodiscard]] bool is_empty() const { return sides[0].noted + sides[1].noted == 0; }
};

struct ErasedUnionParts {
  proof::Pair<std::string> targets{};
  std::array<ErasedPage, 2> pages{};
  // Of these events: the ids that stand in that side's table.
  std::function<base::Result<std::set<std::string>>(std::size_t side, std::span<const warehouse::EventPlace>)>
      standing{};
  // Notes them there and removes their rows, `rows` of them. Empty: nothing is changed, it is only told.
  std::function<base::Status(std::size_t side, std::span<const warehouse::EventPlace>, std::uint64_t& rows)> note{};
};

// Errors: of a list that cannot be read or written; the hint says what to do. What was noted until then stands.
base::Result<ErasedUnion> unite_erased(const ErasedUnionParts& parts);

}  // namespace twinshift::app
