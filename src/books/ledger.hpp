// The books: for one target, hour of arrival by hour of arrival, what became of all that was received (design.md,
// rule 9):
//
//   received = landed + duplicate + quarantined + owed + waived          residual = received - the right side
//
// No figure is derived from another: `received` and `owed` are counted in the queue's and the backlog's own
// transactions, `landed` and `duplicate` by the warehouse's, `quarantined` in the quarantine, `waived` as it is
// decided.
//
// The queue is counted before the warehouse. What lands in between is then on both sides of the sum, so a sample taken
// under load shows a residual of at most the true one: a positive residual is a loss, whenever it is seen. An hour of
// which nothing is owed any more is closed, and its residual is exact.
//
// Of a queue that several instances share, the figures of the others are as old as their last publication
// (docs/formats/owed.md): what landed since may show as surplus, for minutes, never as a loss.
//
// Plain decisions, no I/O; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace twinshift::books {

using Hour = base::WallTime;  // the beginning of the hour

struct Counts {
  std::uint64_t received = 0;
  std::uint64_t landed = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t owed = 0;
  std::uint64_t waived = 0;

  [[nodiscard]] std::int64_t residual() const;
  Counts& operator+=(const Counts& other);
  bool operator==(const Counts& other) const = default;
};

enum class LineState : std::uint8_t {
  open,     // something of this hour is owed
  closed,   // nothing is owed and the sum is even
  missing,  // fewer than were received: events are lost
  surplus,  // more than were received: counted twice, or brought by somebody else
  unknown,  // the counting began after this hour, or anew
};
const char* to_string(LineState state);

struct Line {
  Hour hour{};
  Counts counts{};
  LineState state = LineState::open;
};

// Hours older than this are not judged: the embedded queue knows its hours for 90 days, and old markers may be
// anybody's to remove some days later (warehouse::kLoadsAbandoned).
inline constexpr std::chrono::days kJudged{89};

// One sample, as it was counted.
struct Sample {
  std::map<Hour, Counts> hours{};
  // In a queue elsewhere, nobody knows of which hours. While it is not zero no hour is closed.
  std::uint64_t owed_elsewhere = 0;
  // The hour in which the counting began. What landed in earlier ones is shown, not judged: its arrival was not
  // counted.
  Hour since{};
  // Earlier hours are not judged though something was received in them: what became of it, earlier books have counted.
  Hour judged_from{};
  // Hours of which nobody knows all any more, for their age (kJudged).
  Hour forgotten_before{};
  std::uint64_t signed_off = 0;  // of `waived`, by a person who has looked into a loss
};

// The lines of a sample, oldest first.
std::vector<Line> lines_of(const Sample& sample);

struct Summary {
  Counts counts{};            // of all judged hours
  std::uint64_t missing = 0;  // sum of the positive residuals
  std::uint64_t surplus = 0;  // of the negative ones, of closed hours
  std::size_t open_hours = 0;
  std::optional<Hour> first_missing{};
};
Summary summarize(const std::vector<Line>& lines);

// Believes a residual only where two samples in a row show it: what moves against the order of counting (a replay out
// of the quarantine, back into the queue) is in neither for a moment.
class Confirmation {
 public:
  // By hour the missing events of those that were missing in the sample before, too: the smaller of the two figures.
  std::map<Hour, std::uint64_t> confirm(const std::vector<Line>& lines);

 private:
  std::map<Hour, std::uint64_t> before_;
};

// Where several instances share a queue, an event that one has taken may be owed by another whose figures are minutes
// old. So a residual is a loss only once it has stood for as long as those may lag behind; till then its hour is open.
class Patience {
 public:
  // Opens the hours that have been missing for less than `settle`. `now` as the samples are taken.
  void hold_back(std::vector<Line>& lines, base::WallTime now, std::chrono::milliseconds settle);

 private:
  std::map<Hour, base::WallTime> missing_since_;
};

}  // namespace twinshift::books
