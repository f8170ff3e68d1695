// How a backlog gets the bodies of events back that it keeps without them: whoever opens it hands in a function that
// asks the primary, over a connection of its own.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "event/event.hpp"

namespace twinshift::backlog {

struct Wanted {
  event::EventId id;
  base::WallTime event_at;
};

struct Told {
  std::optional<std::string> json{};  // nothing where the primary does not hold the event
  bool erased = false;                // nor does it ever again, and the target that is owed it has noted so
};

// By the order asked for. An error: nothing could be asked. Called on one thread at a time, the backlog's own; may
// block up to the drivers' limits.
using Refill = std::function<base::Result<std::vector<Told>>(std::span<const Wanted>)>;

// The most that is asked for at once.
inline constexpr std::size_t kRefillEventsMax = 512;

}  // namespace twinshift::backlog
