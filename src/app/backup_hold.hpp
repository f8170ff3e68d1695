// The moment in which a backup fixes what it copies: nobody changes anything by a command, and the queue deletes
// nothing, so that every accepted event is met (backup_sources.hpp says why). Some milliseconds; never longer than
// kBackupHoldMax, however the command ends.
#pragma once

#include <chrono>
#include <cstdint>

#include "app/turns.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"
#include "control/control.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::app {

inline constexpr const char* kBackupBeginVerb = "backup begin";
inline constexpr const char* kBackupEndVerb = "backup end";
inline constexpr std::chrono::milliseconds kBackupHoldMax{5'000};

bool is_about_backup(const control::Request& request);
// In the service; any thread. `begin` answers the hold's number, `end` with that number whether it lasted until now.
control::Reply answer_backup(Turns& turns, queue::EventQueue& queue, const control::Request& request);

// A stop does not wait for a hold to run out; the backup is told.
void end_any_hold(queue::EventQueue& queue);

// In the command. Errors: not_found (no service runs), conflict (another command did not end in time, another version).
base::Result<std::uint64_t> ask_to_hold(const config::Settings& settings);
// True: it lasted until now. False: what was met meanwhile is to be thrown away.
base::Result<bool> ask_to_end_hold(const config::Settings& settings, std::uint64_t number);

}  // namespace twinshift::app
