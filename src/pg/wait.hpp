// Waiting for a socket, with a deadline. Any thread.
#pragma once

#include "base/clock.hpp"

namespace twinshift::pg {

// The events that are ready (POLLIN, POLLOUT; an error or hang-up counts as POLLIN); 0 where the deadline passed first.
short wait_for(int socket, short events, base::SteadyTime deadline);

}  // namespace twinshift::pg
