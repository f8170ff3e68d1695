// Moves what an earlier version kept in `secondary-backlog.db` into the backlog of this one.
#pragma once

#include "backlog/backlog.hpp"
#include "config/settings.hpp"

namespace twinshift::app {

// Nothing where there is no such file. An event leaves the old file only once it is durable in `backlog`, so a crash
// at any moment at most doubles some, which the target recognises; the file is removed when it is empty. What cannot be
// moved now is named in the log, and moved at the next start.
void take_over_old_backlog(const config::Settings& settings, const config::TargetSettings& target,
                           backlog::Backlog& backlog);

}  // namespace twinshift::app
