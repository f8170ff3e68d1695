// The event table as it really is, from the server's catalog. One thread at a time, that of the access.
#pragma once

#include <string>
#include <string_view>

#include "warehouse/schema/real_table.hpp"
#include "warehouse/schema/sql_access.hpp"

namespace twinshift::warehouse {

// A configured name as the server will have it.
TableName name_for(Dialect dialect, const TableName& table);

// Fills in the schema where `table` names none: the one where a table of that name is found, else the first of the
// search path. `unavailable` where there is no schema at all.
SqlOutcome<TableName> locate(SqlAccess& access, Dialect dialect, const TableName& table, base::SteadyTime deadline);

// `table` must name its schema.
SqlOutcome<RealTable> read_table(SqlAccess& access, Dialect dialect, const TableName& table, base::SteadyTime deadline);

// PostgreSQL: a SELECT of one text that differs after any change of the table's columns and indexes, or of which table
// it is; empty where there is none. Cheap enough to go with every batch, under a lock that keeps changes out.
std::string fingerprint_sql(const TableName& table);

// Which of siblings_of() are there, by name. Asked before they are made: CREATE ... IF NOT EXISTS
// asks for the right to create even where there is nothing to do.
SqlOutcome<std::vector<std::string>> read_siblings(SqlAccess& access, Dialect dialect, const TableName& table,
                                                   base::SteadyTime deadline);

}  // namespace twinshift::warehouse
