// How Redshift stores the event table: encodings, distribution, sort key. One thread at a time, that of the access.
#pragma once

#include "warehouse/schema/describe.hpp"
#include "warehouse/schema/sql_access.hpp"

namespace twinshift::warehouse {

// Sets the session's search_path to the table's schema: pg_table_def shows nothing else (developer guide,
// PG_TABLE_DEF). `table` must name its schema.
SqlOutcome<Physical> read_physical(SqlAccess& access, const TableName& table, base::SteadyTime deadline);

}  // namespace twinshift::warehouse
