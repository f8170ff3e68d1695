#include "proof/debt_sums.hpp"

#include <utility>

namespace twinshift::proof {

base::Status DebtSums::refresh(const Span& whole, std::chrono::seconds window) {
  if (asked_ && parts_.clock->steady() - *asked_ <= kDebtsKept) return {};
  for (std::size_t side = 0; side < owed_.size(); ++side) {
    auto owed = parts_.debts->owed(parts_.sides[side]->name(), whole, window);
    if (!owed) return base::fail(std::move(owed.error()));
    owed_[side] = std::move(*owed);
  }
  asked_ = parts_.clock->steady();
  return {};
}

base::Result<Pair<std::int64_t>> DebtSums::add(const Span& whole, const Span& span, std::chrono::seconds window,
                                               Pair<Digests>& digests) {
  if (auto known = refresh(whole, window); !known) return base::fail(std::move(known.error()));
  Pair<std::int64_t> rows{};
  const std::int64_t first = window_of(span.from, window);
  const std::int64_t last = window_of(span.to - std::chrono::microseconds(1), window);
  for (std::size_t side = 0; side < owed_.size(); ++side) {
    const auto end = owed_[side].upper_bound(last);
    for (auto each = owed_[side].lower_bound(first); each != end; ++each) {
      digests[side][each->first] += each->second;
      rows[side] += each->second.rows;
    }
  }
  return rows;
}

}  // namespace twinshift::proof
