#include "app/waived_gap.hpp"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "base/log.hpp"
#include "base/time_text.hpp"

namespace twinshift::app {
namespace {

// "2026-11-26T19:00", as a range of a command is written.
std::string hour_text(base::WallTime hour) {
  constexpr std::size_t kMinutesBytes = 16;
  return base::iso8601_ms(hour).substr(0, kMinutesBytes);
}

constexpr const char* kToldName = "gap.txt";

std::string told_line(const WaivedGap& gap) {
  return fmt::format("{} {}", gap.events, gap.command);
}

bool was_told(const std::filesystem::path& path, const WaivedGap& gap) {
  std::ifstream file(path);
  std::string line;
  return std::getline(file, line) && line == told_line(gap);
}

// Where it cannot be noted it is told again at the next start.
void note_told(const std::filesystem::path& path, const WaivedGap& gap) {
  std::ofstream(path, std::ios::trunc) << told_line(gap) << '\n';
}

}  // namespace

std::optional<WaivedGap> waived_gap(const queue::Arrivals& arrivals) {
  WaivedGap gap;
  base::WallTime first = base::WallTime::max();
  base::WallTime last = base::WallTime::min();
  for (const queue::HourOfArrival& each : arrivals.hours) {
    if (each.waived == 0) continue;
    gap.events += each.waived;
    first = std::min(first, each.hour);
    last = std::max(last, each.hour);
  }
  if (gap.events == 0) return std::nullopt;
  gap.command = fmt::format("twinshift repair --received-from {} --received-to {} --apply", hour_text(first),
                            hour_text(last + std::chrono::hours(1)));
  return gap;
}

void tell_waived_gap(queue::EventQueue& queue, const std::filesystem::path& folder) {
  const auto arrivals = queue.count_arrivals();
  if (!arrivals) return;  // the books say what is wrong there
  const auto gap = waived_gap(*arrivals);
  if (!gap || was_told(folder / kToldName, *gap)) return;
  base::log::info("The secondary was switched off while events came in; this fills the gap, unless it was done already")
      .add("waived", gap->events)
      .add("command", gap->command);
  note_told(folder / kToldName, *gap);
}

}  // namespace twinshift::app
