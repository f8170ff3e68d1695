// A connection that is set up for writing: the dialect checked, limits and text forms set. One thread at a time.
#pragma once

#include <chrono>

#include "pg/connection.hpp"
#include "warehouse/schema/dialect.hpp"

namespace twinshift::warehouse {

struct SessionLimits {
  std::chrono::milliseconds connect_timeout;
  std::chrono::milliseconds statement_timeout;
  std::chrono::milliseconds attempt_timeout;
};

// `conflict` where the server is not what the URL's scheme says.
pg::Outcome<pg::Connection> open_session(const pg::Parameters& parameters, const SessionLimits& limits);

// The dialect that a URL's scheme stands for.
Dialect dialect_of(const pg::Parameters& parameters);

// When a call that begins now must have ended.
base::SteadyTime deadline_after(std::chrono::milliseconds wait);

}  // namespace twinshift::warehouse
