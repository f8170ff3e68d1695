// What our user may do, tried rather than asked where a transaction can be rolled back. One thread at a time, that of
// the access.
#pragma once

#include "warehouse/schema/dialect.hpp"
#include "warehouse/schema/sql_access.hpp"
#include "warehouse/schema_access.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {

// As SchemaAccess::try_rights(). Not `has_transactions`: making a table is only asked about; the INSERTs have no row,
// so they may commit.
SqlOutcome<RightsTrial> try_rights(SqlAccess& access, Dialect dialect, const TableName& table, bool has_transactions,
                                   base::SteadyTime deadline);

}  // namespace twinshift::warehouse
