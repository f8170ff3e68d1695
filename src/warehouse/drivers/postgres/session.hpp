// A connection that is set up for writing: the dialect checked, limits and text forms set. One thread at a time.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/error.hpp"
#include "pg/connection.hpp"
#include "warehouse/schema/dialect.hpp"

namespace twinshift::warehouse {

struct SessionLimits {
  std::chrono::milliseconds connect_timeout;
  std::chrono::milliseconds statement_timeout;
  std::chrono::milliseconds attempt_timeout;
};

// Never logged.
struct Login {
  std::string user;
  std::string password;
};
// User and password where the URL names neither: somebody gives them for a while (AWS, to an IAM identity). Both
// functions may block for as long as that source's own limits say.
struct LoginSource {
  std::function<base::Result<Login>()> get;  // empty: the URL's own
  std::function<void()> refuse;              // the server did not take the last one
};

// `conflict` where the server is not what the URL's scheme says.
pg::Outcome<pg::Connection> open_session(const pg::Parameters& parameters, const SessionLimits& limits,
                                         const LoginSource& login);

// The dialect that a URL's scheme stands for.
Dialect dialect_of(const pg::Parameters& parameters);

// When a call that begins now must have ended.
base::SteadyTime deadline_after(std::chrono::milliseconds wait);

}  // namespace twinshift::warehouse
