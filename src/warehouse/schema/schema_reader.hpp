// `twinshift schema`'s description of a table, read from its server. One thread at a time, that of the access.
#pragma once

#include <string>

#include "warehouse/schema/dialect.hpp"
#include "warehouse/schema/sql_access.hpp"
#include "warehouse/schema_access.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {

// `target`: for cures that name the command. Rows of others that cannot be counted leave the rest of the answer whole.
// Each of the steps may take until `step_max` from its beginning.
SqlOutcome<SchemaDescription> read_description(SqlAccess& access, Dialect dialect, const TableName& table,
                                               const std::string& target, std::chrono::milliseconds step_max);

}  // namespace twinshift::warehouse
