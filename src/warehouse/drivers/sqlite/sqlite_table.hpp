// The event table and `twinshift_loads` in an SQLite file: made, completed, and read as they really are. One thread at
// a time, that of the connection.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "event/row.hpp"
#include "sqlite/database.hpp"

namespace twinshift::warehouse {

// What SQLite makes of a value that is put into a column (sqlite.org/datatype3.html, section 3.1).
enum class Affinity { text, numeric, integer, real, blob };
Affinity affinity_of(std::string_view declared_type);

// Would a column of that affinity keep the cells of `type` as they are? NUMERIC turns "1.50" into 1.5, so it does not
// keep a text; a time never looks like a number and stays as it is there.
bool keeps(Affinity affinity, event::ColumnType type);

struct SqliteColumn {
  std::string name;  // as declared
  std::string type;
  bool not_null = false;
  bool writable = true;      // false for a generated one
  bool must_be_set = false;  // NOT NULL without a default
};

struct SqliteTable {
  std::string kind;  // "table", "view", "virtual"; empty where there is nothing of that name
  bool strict = false;
  std::vector<SqliteColumn> columns;

  // SQLite does not tell Event_Name from event_name.
  [[nodiscard]] const SqliteColumn* find(std::string_view name) const;
};

// As it is; changes nothing.
base::Result<SqliteTable> read_sqlite_table(sqlite::Database& database, const std::string& table);

// Does an index keep each event_id unique? The table has such a column.
base::Result<bool> keeps_ids_unique(sqlite::Database& database, const std::string& table);
// Does one stand more than once? Reads the whole table where no index helps.
base::Result<bool> holds_doubled_ids(sqlite::Database& database, const std::string& table);

// Does the column take the cells of `type` and keep them?
bool usable(const SqliteTable& table, const SqliteColumn& column, event::ColumnType type);

struct TableLayout {
  event::TableShape shape;          // what encode() may use
  std::vector<std::string> unused;  // the catalogue's, there, but they would change values: these go to `extra`
  std::vector<std::string> added;   // were missing and have been added
  bool created = false;
};

// Makes the table, its indexes and twinshift_loads, or adds what is missing, in one transaction. `conflict` where a
// person has to decide: a view of that name, one of our own columns with another type, doubles in event_id, a foreign
// column that no row of ours could leave out.
// Not `unique`: without the index that keeps event_id unique.
base::Result<TableLayout> prepare_table(sqlite::Database& database, const std::string& table, bool unique = true);

}  // namespace twinshift::warehouse
