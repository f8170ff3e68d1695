// The statements that make and complete our tables, once for each dialect. Any thread; no I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "warehouse/schema/dialect.hpp"
#include "warehouse/schema/real_table.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {

inline constexpr std::string_view kPartsTable = "twinshift_parts";
inline constexpr std::string_view kWriterTable = "twinshift_writer";

// "schema"."name" of a table of ours beside the event table.
std::string sibling(const TableName& table, std::string_view name);

std::string create_table_sql(Dialect dialect, const TableName& table);
// Indexes of the event table; nothing for Redshift, which has none.
std::vector<std::string> create_index_sql(Dialect dialect, const TableName& table);

// A table of ours beside the event table, or an index of one: what makes it unless it is there already.
struct Sibling {
  std::string name;
  std::string create_sql;
  std::string index_of;  // the table that it is an index of; empty for a table
  bool needed = true;    // rows can not be written without it
};
// In the order in which they are made: twinshift_loads, twinshift_duplicates, twinshift_owed and twinshift_erased;
// PostgreSQL's indexes of them; Redshift's twinshift_parts and twinshift_writer.
std::vector<Sibling> siblings_of(Dialect dialect, const TableName& table);

// A column that is missing: one statement a column, as Redshift wants it. Never NOT NULL, as there may be rows.
std::string add_column_sql(Dialect dialect, const TableName& table, std::string_view column);

// The same for `loaded_at`. Rows that are there already keep NULL where the dialect can do so (not Redshift).
std::string add_loaded_at_sql(Dialect dialect, const TableName& table);

// PostgreSQL: the unique index of event_id under a name that the server chooses.
std::string unnamed_index_sql(const TableName& table);

// Gives a column that is there the catalogue's size: grown where the dialect can do so, else the old one stays under
// another name.
std::string grow_column_sql(Dialect dialect, const TableName& table, const event::Column& column,
                            const RealColumn& real);
// "name" becomes "name_old"; what is in it stays.
std::string rename_column_sql(const TableName& table, std::string_view column);
// Redshift cannot take NOT NULL off a column: a copy without it takes its place.
std::string drop_not_null_sql(Dialect dialect, const TableName& table, const RealColumn& column);

// Takes an enforced key off a table of somebody else's making.
std::string drop_key_sql(const TableName& table, const UniqueKey& key);

// The name of our unique index on event_id.
std::string id_index_name(const TableName& table);

// Everything, as `twinshift schema` prints it.
std::string schema_text(Dialect dialect, const TableName& table);

}  // namespace twinshift::warehouse
