#include "app/erased_union.hpp"

#include <utility>

#include "app/eraser.hpp"

namespace twinshift::app {
namespace {

using warehouse::EventPlace;

base::Error not_united(base::Error error, const std::string& target) {
  error.message = "the lists of erased events (twinshift_erased) cannot be made the same: " + error.message;
  if (error.where.find(target) == std::string::npos)
    error.where = target + (error.where.empty() ? "" : ": ") + error.where;
  const std::string advice =
      "No event was copied, for one that a person had erased might come back. Run it again when both targets can be "
      "read and written";
  error.hint += (error.hint.empty() ? "" : ". ") + advice;
  return error;
}

base::Status unite_side(const ErasedUnionParts& parts, std::size_t side, std::span<const EventPlace> lacking,
                        ErasedUnion::Side& sums) {
  if (lacking.empty()) return {};
  auto standing = parts.standing(side, lacking);
  if (!standing) return base::fail(std::move(standing.error()));
  sums.standing += standing->size();
  for (const std::string& id : *standing) {
    if (sums.named.size() < kStandingNamedMax) sums.named.push_back(id);
  }
  if (parts.note) {
    if (auto noted = parts.note(side, lacking, sums.rows); !noted) return noted;
  }
  sums.noted += lacking.size();
  return {};
}

base::Result<bool> unite_once(const ErasedUnionParts& parts, ErasedUnion& sums) {
  ErasedApart apart = compare_erased(parts.pages, kBehindMax);
  for (std::size_t side = 0; side < parts.targets.size(); ++side) {
    if (apart.troubles[side]) return base::fail(not_united(std::move(*apart.troubles[side]), parts.targets[side]));
  }
  for (std::size_t side = 0; side < parts.targets.size(); ++side) {
    auto done = unite_side(parts, side, apart.lacking[side], sums.sides[side]);
    if (!done) return base::fail(not_united(std::move(done.error()), parts.targets[side]));
  }
  return apart.more;
}

}  // namespace

base::Result<ErasedUnion> unite_erased(const ErasedUnionParts& parts) {
  ErasedUnion sums;
  for (int round = 0; round < kUnionRoundsMax; ++round) {
    const auto more = unite_once(parts, sums);
    if (!more) return base::fail(more.error());
    sums.more = *more;
    if (!*more || !parts.note) return sums;
  }
  return base::fail(not_united({base::ErrorKind::conflict, "they go on growing", "", ""}, parts.targets[0]));
}

}  // namespace twinshift::app
