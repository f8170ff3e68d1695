// libpq's errors as ours: nothing of a row's values in them. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "pg/connection.hpp"

struct pg_conn;
struct pg_result;

namespace twinshift::pg {

// Of a result whose status is an error.
Failure read_failure(const pg_result* result, const std::string& where);

// Of a connection attempt. libpq's own text names host and reason; it never holds the password.
Failure failure_to_connect(const pg_conn* connection, const std::string& where);

// The server said nothing: `what` tells it in our words.
Failure silent(const std::string& where, std::string_view what);

}  // namespace twinshift::pg
