// Events as AppsFlyer sends them, made up: for the `generate` command, benches and tests. Names, addresses and ids
// stand for nobody.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace twinshift::event {

// One event as JSON text, always the same for the same arguments; events of one seed differ from one another. A mix of
// installs, organic installs, in-app events, retargeting and ad revenue, 2.5 KB and 68 fields on the average. Its times
// lie shortly before `around`, its install up to 30 days. Any thread may call it; takes a few microseconds.
std::string sample_event(std::uint64_t seed, std::uint64_t index, base::WallTime around);

}  // namespace twinshift::event
