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
// than `before`; and what says of an hour before abandoned_before(before), since then, that nothing is owed: nobody
// judges it any more.
std::string prune_owed_sql(Dialect dialect, const TableName& table, base::WallTime before);

// The latest row of each instance, target and hour, in that order: of the hours from `from` on, and older ones of which
// something is owed.
std::string read_owed_sql(Dialect dialect, const TableName& table, base::WallTime from);
// The sums of those over all instances but `own`, of the hours from `from` on, by target and hour; the instance is ''.
std::string read_owed_by_others_sql(Dialect dialect, const TableName& table, const std::string& own,
                                    base::WallTime from);

// The words of each instance (owed_word.hpp): a row each, the first and the last time that it was said.
std::string read_words_sql(Dialect dialect, const TableName& table);

// Rows of one answer: fourteen instances' and two targets' of 89 days. Of sums there are 4,300 in as many days, however
// many instances there are.
inline constexpr std::size_t kOwedRowsReadMax = 60'000;

// `internal` where it is not the answer to one of these, `full` where it was cut.
base::Result<std::vector<OwedRow>> parse_owed(const Table& answer);

// One query. Errors are those of query().
base::Result<std::vector<OwedRow>> read_owed(Warehouse& warehouse, base::WallTime from);
base::Result<std::vector<OwedRow>> read_owed_by_others(Warehouse& warehouse, const std::string& own,
                                                       base::WallTime from);
// What an instance has said of itself, all its words together.
struct InstanceWord {
  std::string instance;
  base::WallTime heard{};  // when it last said anything
  base::WallTime told{};   // what it owed then stands in its rows; where it never said so: when it was first heard
  bool settled = false;    // nothing follows before it says `started` again

  bool operator==(const InstanceWord&) const = default;
};
// `internal` where it is not the answer to read_words_sql(), `full` where it was cut.
base::Result<std::vector<InstanceWord>> parse_words(const Table& answer);
// Of each instance that speaks. One query; errors are those of query().
base::Result<std::vector<InstanceWord>> read_words(Warehouse& warehouse);
// False where the database says that there is no such table, or that our user may not read it; true where it can be
// read, and where it is not known.
bool can_read_owed(Warehouse& warehouse);

}  // namespace twinshift::warehouse
