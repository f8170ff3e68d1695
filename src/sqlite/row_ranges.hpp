// Which rows to ask a damaged table for: ranges of row numbers, halved where they hold a page that cannot be read,
// until a single row is left. The large ones first: where it has to end early, what was not asked for lies between rows
// that could not be read. Plain decisions, no I/O; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

namespace twinshift::sqlite {

struct RowRange {
  std::int64_t first = 0;
  std::int64_t last = 0;  // itself included
  bool operator==(const RowRange&) const = default;
};

class RowRanges {
 public:
  // After `failures_max` ranges that failed nothing more is asked.
  RowRanges(RowRange whole, std::uint64_t failures_max) : failures_max_(failures_max) { push(whole); }

  // What is to be asked next; nothing: all was asked.
  std::optional<RowRange> next() {
    if (open_.empty() || failures_ >= failures_max_) return std::nullopt;
    const RowRange range = open_.front();
    open_.pop_front();
    return range;
  }

  // This range could be read up to and with the row `reached`, or not at all.
  void failed(const RowRange& range, std::optional<std::int64_t> reached) {
    ++failures_;
    RowRange rest = range;
    // A damaged page may tell any number.
    if (reached && *reached >= range.first) {
      if (*reached >= range.last) return;
      rest.first = *reached + 1;
    }
    if (rest.first == rest.last) return;
    const auto span = static_cast<std::uint64_t>(rest.last) - static_cast<std::uint64_t>(rest.first);
    const std::int64_t middle = static_cast<std::int64_t>(static_cast<std::uint64_t>(rest.first) + span / 2);
    push({rest.first, middle});
    push({middle + 1, rest.last});
  }

  [[nodiscard]] bool any_failed() const { return failures_ > 0; }

 private:
  void push(const RowRange& range) {
    if (range.first <= range.last) open_.push_back(range);
  }

  const std::uint64_t failures_max_;
  std::uint64_t failures_ = 0;
  std::deque<RowRange> open_;  // at most one more than have failed
};

}  // namespace twinshift::sqlite
