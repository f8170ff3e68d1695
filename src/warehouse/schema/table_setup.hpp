// Makes or completes the event table and its siblings at the start of a connection. One thread at a time.
#pragma once

#include <string>
#include <vector>

#include "warehouse/schema/real_table.hpp"
#include "warehouse/schema/sql_access.hpp"
#include "warehouse/schema_access.hpp"

namespace twinshift::warehouse {

struct Layout {
  TableName table;  // with its schema
  RealTable real;
  Fit fit;
  std::vector<std::string> added;
  bool created = false;
  // May twinshift_duplicates be written? Where not: what would let us, for a person to run.
  bool counts_duplicates = true;
  std::string duplicates_cure;
  // Likewise twinshift_owed.
  bool takes_books = true;
  std::string books_cure;
  // Likewise twinshift_erased.
  bool takes_erasures = true;
  std::string erasures_cure;
  std::string fingerprint;  // PostgreSQL: the table's as it was read
};

struct SetupOptions {
  Dialect dialect = Dialect::postgres;
  bool schema_apply = false;  // also change a table that somebody else made
  std::string target;
  StatementHeard heard;  // may be empty; where somebody listens, nothing that cannot be made is left out
};

// `conflict` where a person must mend something; the message names target, table, column and the statement.
SqlOutcome<Layout> set_up_table(SqlAccess& access, const TableName& table, const SetupOptions& options,
                                base::SteadyTime deadline);

// The same, and again until the table stood still meanwhile (PostgreSQL: by its fingerprint). `conflict` where it keeps
// changing.
SqlOutcome<Layout> read_layout(SqlAccess& access, const TableName& table, const SetupOptions& options,
                               base::SteadyTime deadline);

}  // namespace twinshift::warehouse
