#include "warehouse/drivers/sqlite/sqlite_table.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "warehouse/doubled_ids.hpp"
#include "warehouse/drivers/sqlite/sqlite_dialect.hpp"
#include "warehouse/table_columns.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;

std::unexpected<base::Error> conflict(const sqlite::Database& database, const std::string& table, std::string message,
                                      std::string hint) {
  return base::fail(ErrorKind::conflict, std::move(message), database.path() + ", table " + table, std::move(hint));
}

base::Status read_kind(sqlite::Database& database, const std::string& table, SqliteTable& real) {
  auto statement = database.prepare(
      "SELECT type, strict FROM pragma_table_list WHERE schema = 'main' AND lower(name) = lower(?)", false);
  if (!statement) return base::fail(std::move(statement.error()));
  statement->bind_text(1, table);
  auto row = statement->step();
  if (!row) return base::fail(std::move(row.error()));
  if (!*row) return {};
  real.kind = statement->text(0);
  real.strict = statement->integer(1) != 0;
  return {};
}

base::Status add_missing(sqlite::Database& database, const std::string& table, const SqliteTable& real,
                         TableLayout& layout) {
  for (const event::Column& column : table_columns()) {
    if (real.find(column.name) != nullptr) continue;
    if (auto added = database.execute(add_column_sql(table, column)); !added) return added;
    layout.added.emplace_back(column.name);
  }
  return {};
}

base::Status check_own_columns(const sqlite::Database& database, const std::string& table, const SqliteTable& real) {
  for (const event::Column& column : event::own_columns()) {
    const SqliteColumn* found = real.find(column.name);
    if (found == nullptr || usable(real, *found, column.type)) continue;
    return conflict(database, table,
                    "the column " + std::string(column.name) + " has the type " + found->type +
                        ", which would change what is put into it",
                    "Give it the type " + std::string(sqlite_type(column.type)) + ", or configure another table");
  }
  return {};
}

base::Status check_foreign_columns(const sqlite::Database& database, const std::string& table, const SqliteTable& real,
                                   const TableLayout& layout) {
  std::set<std::string> filled;
  for (const InsertColumn& column : insert_columns(layout.shape)) filled.emplace(column.name);
  for (const SqliteColumn& column : real.columns) {
    const std::string name = lower_name(column.name);
    if (!column.must_be_set || filled.contains(name)) continue;
    return conflict(database, table, "the column " + name + " is NOT NULL without a default, and events do not fill it",
                    "Give the column a default, or configure another table");
  }
  return {};
}

void read_shape(const SqliteTable& real, TableLayout& layout) {
  layout.shape = event::TableShape::whole();
  const auto columns = event::catalogue();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const SqliteColumn* found = real.find(columns[i].name);
    if (found == nullptr) continue;  // just added
    if (usable(real, *found, columns[i].type)) continue;
    layout.shape.widths[i] = event::TableShape::kAbsent;
    layout.unused.emplace_back(columns[i].name);
  }
}

base::Status complete_existing(sqlite::Database& database, const std::string& table, const SqliteTable& real,
                               TableLayout& layout) {
  if (real.kind != "table") {
    return conflict(database, table, "there is a " + real.kind + " of that name, which cannot be written to",
                    "Rename it, or configure another table");
  }
  if (auto own = check_own_columns(database, table, real); !own) return own;
  read_shape(real, layout);
  if (auto foreign = check_foreign_columns(database, table, real, layout); !foreign) return foreign;
  return add_missing(database, table, real, layout);
}

base::Status create_indexes(sqlite::Database& database, const std::string& table, bool unique) {
  for (const std::string& sql : create_index_sql(table)) {
    if (!unique && sql.starts_with("CREATE UNIQUE")) continue;
    auto made = database.execute(sql);
    if (made) continue;
    if (made.error().kind != ErrorKind::rejected) return made;
    return conflict(database, table, kDoubledIds, kDoubledIdsCure);
  }
  for (const std::string& sql : create_loads_sql()) {
    if (auto made = database.execute(sql); !made) return made;
  }
  return {};
}

}  // namespace

const SqliteColumn* SqliteTable::find(std::string_view name) const {
  const auto same = [&](const SqliteColumn& each) { return lower_name(each.name) == name; };
  const auto found = std::ranges::find_if(columns, same);
  return found == columns.end() ? nullptr : &*found;
}

base::Result<SqliteTable> read_sqlite_table(sqlite::Database& database, const std::string& table) {
  SqliteTable real;
  if (auto kind = read_kind(database, table, real); !kind) return base::fail(std::move(kind.error()));
  auto statement =
      database.prepare(R"(SELECT name, type, "notnull", dflt_value, hidden, pk FROM pragma_table_xinfo(?))", false);
  if (!statement) return base::fail(std::move(statement.error()));
  statement->bind_text(1, table);
  for (;;) {
    auto row = statement->step();
    if (!row) return base::fail(std::move(row.error()));
    if (!*row) return real;
    SqliteColumn column;
    column.name = statement->text(0);
    column.type = statement->text(1);
    column.not_null = statement->integer(2) != 0;
    column.writable = statement->integer(4) == 0;
    // SQLite fills an INTEGER PRIMARY KEY by itself.
    const bool row_number = statement->integer(5) != 0 && lower_name(column.type) == "integer";
    column.must_be_set = column.writable && !row_number && column.not_null && statement->is_null(3);
    real.columns.push_back(std::move(column));
  }
}

base::Result<bool> keeps_ids_unique(sqlite::Database& database, const std::string& table) {
  auto statement = database.prepare(R"(SELECT 1 FROM pragma_index_list(?) l WHERE l."unique" AND NOT l.partial AND )"
                                    "(SELECT lower(group_concat(name)) FROM pragma_index_info(l.name)) = 'event_id'",
                                    false);
  if (!statement) return base::fail(std::move(statement.error()));
  statement->bind_text(1, table);
  return statement->step();
}

base::Result<bool> holds_doubled_ids(sqlite::Database& database, const std::string& table) {
  auto statement = database.prepare(doubled_ids_sql(quote_identifier(table)), false);
  if (!statement) return base::fail(std::move(statement.error()));
  return statement->step();
}

bool usable(const SqliteTable& table, const SqliteColumn& column, event::ColumnType type) {
  const Affinity affinity = affinity_of(column.type);
  // A strict table refuses a text in a BLOB column, and ANY has no affinity of its own.
  if (table.strict && affinity != Affinity::text && affinity != Affinity::integer) return false;
  if (table.strict && affinity == Affinity::integer && sqlite_type(type) != "INTEGER") return false;
  return column.writable && keeps(affinity, type);
}

Affinity affinity_of(std::string_view declared_type) {
  const std::string type = lower_name(declared_type);
  const auto has = [&type](std::string_view part) { return type.find(part) != std::string::npos; };
  if (has("int")) return Affinity::integer;
  if (has("char") || has("clob") || has("text")) return Affinity::text;
  if (type.empty() || has("blob")) return Affinity::blob;
  if (has("real") || has("floa") || has("doub")) return Affinity::real;
  return Affinity::numeric;
}

bool keeps(Affinity affinity, event::ColumnType type) {
  if (affinity == Affinity::blob) return true;
  switch (type) {
    case event::ColumnType::integer:
    case event::ColumnType::bigint:
    case event::ColumnType::boolean:
      return affinity == Affinity::integer || affinity == Affinity::numeric;
    case event::ColumnType::timestamp:
    case event::ColumnType::timestamptz:
      return affinity == Affinity::text || affinity == Affinity::numeric;
    default:
      return affinity == Affinity::text;
  }
}

base::Result<TableLayout> prepare_table(sqlite::Database& database, const std::string& table, bool unique) {
  auto transaction = sqlite::Transaction::begin(database);
  if (!transaction) return base::fail(std::move(transaction.error()));
  auto real = read_sqlite_table(database, table);
  if (!real) return base::fail(std::move(real.error()));
  TableLayout layout;
  layout.created = real->kind.empty();
  layout.shape = event::TableShape::whole();
  base::Status done =
      layout.created ? database.execute(create_table_sql(table)) : complete_existing(database, table, *real, layout);
  if (done) done = create_indexes(database, table, unique);
  if (done) done = transaction->commit();
  if (!done) return base::fail(std::move(done.error()));
  return layout;
}

}  // namespace twinshift::warehouse
