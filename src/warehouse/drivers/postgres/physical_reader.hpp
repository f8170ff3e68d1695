// How Redshift stores the event table: encodings, distribution, sort key. One thread at a time, that of the connection.
#pragma once

#include "pg/connection.hpp"
#include "warehouse/schema/describe.hpp"

namespace twinshift::warehouse {

// Sets the connection's search_path to the table's schema: pg_table_def shows nothing else (developer guide,
// PG_TABLE_DEF). `table` must name its schema.
pg::Outcome<Physical> read_physical(pg::Connection& connection, const TableName& table, base::SteadyTime deadline);

}  // namespace twinshift::warehouse
