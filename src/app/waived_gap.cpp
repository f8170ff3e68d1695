#include "app/waived_gap.hpp"

#include <algorithm>

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

void tell_waived_gap(queue::EventQueue& queue) {
  const auto arrivals = queue.count_arrivals();
  if (!arrivals) return;  // the books say what is wrong there
  const auto gap = waived_gap(*arrivals);
  if (!gap) return;
  base::log::info("The secondary was switched off while events came in; this fills the gap, unless it was done already")
      .add("waived", gap->events)
      .add("command", gap->command);
}

}  // namespace twinshift::app
