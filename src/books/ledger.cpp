#include "books/ledger.hpp"

#include <algorithm>

namespace twinshift::books {

std::int64_t Counts::residual() const {
  return static_cast<std::int64_t>(received) -
         static_cast<std::int64_t>(landed + duplicate + quarantined + owed + waived);
}

Counts& Counts::operator+=(const Counts& other) {
  received += other.received;
  landed += other.landed;
  duplicate += other.duplicate;
  quarantined += other.quarantined;
  owed += other.owed;
  waived += other.waived;
  return *this;
}

const char* to_string(LineState state) {
  switch (state) {
    case LineState::open:
      return "open";
    case LineState::closed:
      return "closed";
    case LineState::missing:
      return "missing";
    case LineState::surplus:
      return "surplus";
    case LineState::unknown:
      return "not counted";
  }
  return "";
}

namespace {

LineState state_of(Hour hour, const Counts& counts, const Sample& sample) {
  if (hour < sample.judged_from || hour < sample.forgotten_before) return LineState::unknown;
  if (hour < sample.since && counts.received == 0) return LineState::unknown;
  const std::int64_t residual = counts.residual();
  // What waits elsewhere may be all of it.
  if (residual > static_cast<std::int64_t>(sample.owed_elsewhere)) return LineState::missing;
  if (counts.owed > 0 || sample.owed_elsewhere > 0) return LineState::open;
  return residual == 0 ? LineState::closed : LineState::surplus;
}

}  // namespace

std::vector<Line> lines_of(const Sample& sample) {
  std::vector<Line> lines;
  lines.reserve(sample.hours.size());
  for (const auto& [hour, counts] : sample.hours) lines.push_back({hour, counts, state_of(hour, counts, sample)});
  return lines;
}

Summary summarize(const std::vector<Line>& lines) {
  Summary summary;
  for (const Line& line : lines) {
    if (line.state == LineState::unknown) continue;
    summary.counts += line.counts;
    const std::int64_t residual = line.counts.residual();
    if (line.state == LineState::open) ++summary.open_hours;
    if (line.state == LineState::surplus) summary.surplus += static_cast<std::uint64_t>(-residual);
    if (line.state != LineState::missing) continue;
    summary.missing += static_cast<std::uint64_t>(residual);
    if (!summary.first_missing) summary.first_missing = line.hour;
  }
  return summary;
}

std::map<Hour, std::uint64_t> Confirmation::confirm(const std::vector<Line>& lines) {
  std::map<Hour, std::uint64_t> now;
  std::map<Hour, std::uint64_t> confirmed;
  for (const Line& line : lines) {
    if (line.state != LineState::missing) continue;
    const auto missing = static_cast<std::uint64_t>(line.counts.residual());
    now[line.hour] = missing;
    if (const auto found = before_.find(line.hour); found != before_.end()) {
      confirmed[line.hour] = std::min(missing, found->second);
    }
  }
  before_ = std::move(now);
  return confirmed;
}

void Patience::hold_back(std::vector<Line>& lines, base::WallTime now, std::chrono::milliseconds settle) {
  std::map<Hour, base::WallTime> missing;
  for (Line& line : lines) {
    if (line.state != LineState::missing) continue;
    const auto before = missing_since_.find(line.hour);
    // A clock that was turned back begins anew.
    const base::WallTime since = before == missing_since_.end() ? now : std::min(before->second, now);
    missing.emplace(line.hour, since);
    if (now - since < settle) line.state = LineState::open;
  }
  missing_since_ = std::move(missing);
}

}  // namespace twinshift::books
