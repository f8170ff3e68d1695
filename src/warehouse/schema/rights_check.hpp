// What our user may do, asked before it fails in the middle of a batch. One thread at a time, that of the access.
#pragma once

#include <string>
#include <string_view>

#include "warehouse/schema/dialect.hpp"
#include "warehouse/schema/sql_access.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {

// The user's name as a GRANT spells it; "<our user>" where the server does not say.
std::string grantee(SqlAccess& access, base::SteadyTime deadline);

// For a statement that failed for want of a right (SQLSTATE 42501): what to grant so that it works.
std::string ddl_grant_hint(SqlAccess& access, const TableName& table, std::string_view statement,
                           base::SteadyTime deadline);

// USAGE on the schema, and temporary tables. `conflict` names the GRANT that is missing.
SqlOutcome<void> check_general_rights(SqlAccess& access, Dialect dialect, const std::string& schema,
                                      base::SteadyTime deadline);

// The same, and SELECT and INSERT on the table and its siblings. `conflict` names the first GRANT that is
// missing, all of that one table together. Of `optional` siblings, which are there, those GRANTs are the result, in
// their order, empty where nothing is missing: rows can be written without them.
SqlOutcome<std::vector<std::string>> check_rights(SqlAccess& access, Dialect dialect, const TableName& table,
                                                  std::span<const std::string_view> optional,
                                                  base::SteadyTime deadline);

}  // namespace twinshift::warehouse
