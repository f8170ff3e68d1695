// SQLSTATE to our kinds of error, in one table. Any thread.
//
// Sources: PostgreSQL 15 manual, appendix A "PostgreSQL Error Codes"; Amazon Redshift database developer guide,
// "Managing concurrent write operations" (error 1023) and "Data load error reference".
#pragma once

#include <string_view>

#include "base/error.hpp"

namespace twinshift::pg {

// What an error with this code means for a statement that writes rows.
//   rejected: only what is known to be about data: class 22, 23502, 23514, and Redshift's own data errors.
//   conflict: another transaction was in the way, or the table is not as it should be; nothing was written.
//   throttled: too many connections or statements.
//   unavailable: everything else, known or not.
// `message` is looked at only for Redshift's errors that share the code XX000.
base::ErrorKind kind_of(std::string_view sqlstate, std::string_view message);

// May the server's primary message be shown? Not for codes whose messages quote values of rows.
bool is_shown(std::string_view sqlstate);

// A unique violation: about data already there, not about the row.
inline constexpr std::string_view kUniqueViolation = "23505";

// What a statement was to make is there already. `constraint`: of a unique violation, the key's name.
bool says_already_there(std::string_view sqlstate, std::string_view constraint);

inline constexpr std::string_view kQueryCanceled = "57014";
// Somebody else held a lock for longer than lock_timeout.
inline constexpr std::string_view kLockNotAvailable = "55P03";

// What to do next about this code; empty where nothing general can be said.
std::string_view hint_of(std::string_view sqlstate);

}  // namespace twinshift::pg
