// What a secondary lacks because it was switched off, and the command that fills it. Pure but for the log.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "queue/event_queue.hpp"

namespace twinshift::app {

struct WaivedGap {
  std::uint64_t events = 0;
  std::string command;  // "twinshift repair --received-from 2026-11-26T19:00 --received-to 2026-11-26T22:00 --apply"
};

// By the queue's own counts, which know the hour of arrival; nothing where nothing was waived.
std::optional<WaivedGap> waived_gap(const queue::Arrivals& arrivals);

// At the start of a service whose secondary is on: says so in the log where there is a gap. The counts do not know
// whether it was filled since, so it is said once: `gap.txt` in the folder holds what was. To run the command again
// does no harm.
void tell_waived_gap(queue::EventQueue& queue, const std::filesystem::path& folder);

}  // namespace twinshift::app
