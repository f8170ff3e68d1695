// The event table as it really is, from the server's catalog. One thread at a time, that of the connection.
#pragma once

#include <string>
#include <string_view>

#include "pg/connection.hpp"
#include "warehouse/schema/real_table.hpp"

namespace twinshift::warehouse {

// Fills in the schema where `table` names none: the one where a table of that name is found, else the first of the
// search path. `unavailable` where there is no schema at all.
pg::Outcome<TableName> locate(pg::Connection& connection, Dialect dialect, const TableName& table,
                              base::SteadyTime deadline);

// `table` must name its schema.
pg::Outcome<RealTable> read_table(pg::Connection& connection, Dialect dialect, const TableName& table,
                                  base::SteadyTime deadline);

// PostgreSQL: a SELECT of one text that differs after any change of the table's columns and indexes, or of which table
// it is; empty where there is none. Cheap enough to go with every batch, under a lock that keeps changes out.
std::string fingerprint_sql(const TableName& table);

pg::Outcome<bool> table_exists(pg::Connection& connection, Dialect dialect, const TableName& table,
                               base::SteadyTime deadline);

}  // namespace twinshift::warehouse
