// What Redshift says when all that comes is text, as from DescribeStatement: the kind of error, the SQLSTATE that the
// wire would have had, and what of it may be shown. One table. Any thread; no I/O.
//
// Sources: Amazon Redshift database developer guide ("Managing concurrent write operations", "Data load error
// reference", "SUPER limitations"), PostgreSQL 8.0's texts that Redshift kept, public reports.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace twinshift::warehouse {

struct RedshiftError {
  base::ErrorKind kind = base::ErrorKind::unavailable;
  std::string sqlstate;  // empty where the text is not known
  std::string column;    // where the text names it
  std::string message;   // holds no value of a row
  std::string hint;
  bool already_there = false;
};

// `rejected` only for what is known to be about a row's data; unknown text is `unavailable` and not shown.
RedshiftError read_redshift_error(std::string_view text);

// The server's text less its "ERROR:", in one line: for who typed the statement himself.
std::string redshift_error_line(std::string_view text);

}  // namespace twinshift::warehouse
