// The statements that write, read and prune `twinshift_owed` (docs/formats/owed.md), once for each dialect; SQLite
// reads PostgreSQL's. No I/O but by Warehouse::query().
//
// Threads: those of the warehouse that is asked.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "warehouse/owed.hpp"
#include "warehouse/schema/dialect.hpp"
#include "warehouse/table_name.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

// One INSERT; never called with no row. `table`: the event table, beside which they stand.
std::string insert_owed_sql(Dialect dialect, const TableName& table, std::span<const OwedRow> rows);

// PostgreSQL, Redshift: removes what was replaced by a later row of the same instance, target and hour, and is older
// than `before`.
std::string prune_owed_sql(Dialect dialect, const TableName& table, base::WallTime before);

// The latest row of each instance, target and hour, in that order.
std::string read_owed_sql(Dialect dialect, const TableName& table);

// Rows of one answer: three instances' and two targets' of more than a year.
inline constexpr std::size_t kOwedRowsReadMax = 60'000;

// `internal` where it is not the answer to read_owed_sql(), `full` where it was cut.
base::Result<std::vector<OwedRow>> parse_owed(const Table& answer);

// One query. Errors are those of query().
base::Result<std::vector<OwedRow>> read_owed(Warehouse& warehouse);

}  // namespace twinshift::warehouse
