#include "warehouse/drivers/sqlite/sqlite_schema.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "sqlite/data_folder.hpp"
#include "warehouse/doubled_ids.hpp"
#include "warehouse/drivers/sqlite/connection.hpp"
#include "warehouse/drivers/sqlite/sqlite_dialect.hpp"
#include "warehouse/table_columns.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {
namespace {

class SqliteSchema final : public SchemaAccess {
 public:
  SqliteSchema(SqliteWarehouseOptions options, std::string table)
      : options_(std::move(options)), table_(std::move(table)) {}

  [[nodiscard]] std::string ddl() const override {
    std::string text = "-- Twinshift's tables in SQLite, as `twinshift schema` prints them. See docs/warehouses.md.\n";
    for (const std::string& sql : statements()) text += '\n' + sql + ";\n";
    return text;
  }

  base::Result<Greeting> greet() override {
    auto database = sqlite::Database::open(options_.path, sqlite::OpenMode::read_only);
    if (!database) return base::fail(std::move(database.error()));
    auto version = database->text("SELECT sqlite_version()");
    if (!version) return base::fail(std::move(version.error()));
    return Greeting{.user = {}, .database = options_.path, .version = std::move(*version), .isolation = {}};
  }

  base::Result<RightsTrial> try_rights() override {
    auto database = sqlite::Database::open(options_.path, sqlite::OpenMode::read_write);
    if (!database && database.error().kind == base::ErrorKind::not_found) {
      return RightsTrial{.findings = {}, .tried = "the file is not there yet"};
    }
    if (!database) return base::fail(std::move(database.error()));
    database->set_busy_timeout(options_.busy_timeout);
    auto real = read_sqlite_table(*database, table_);
    if (!real) return base::fail(std::move(real.error()));
    auto transaction = sqlite::Transaction::begin(*database);  // rolled back
    if (!transaction) return base::fail(std::move(transaction.error()));
    const std::string sql = real->kind == "table"
                                ? fmt::format("INSERT INTO {0} SELECT * FROM {0} WHERE 0", quote_identifier(table_))
                                : std::string("CREATE TABLE twinshift_doctor (probe INTEGER)");
    if (auto done = database->execute(sql); !done) return base::fail(std::move(done.error()));
    return RightsTrial{.findings = {}, .tried = "a transaction that writes, rolled back"};
  }

  base::Result<SchemaDescription> describe() override {
    SchemaDescription out;
    out.product = "SQLite";
    out.table = quote_identifier(table_);
    auto database = sqlite::Database::open(options_.path, sqlite::OpenMode::read_only);
    if (!database && database.error().kind == base::ErrorKind::not_found) return without_table(std::move(out));
    if (!database) return base::fail(std::move(database.error()));
    database->set_busy_timeout(options_.busy_timeout);
    auto real = read_sqlite_table(*database, table_);
    if (!real) return base::fail(std::move(real.error()));
    if (real->kind.empty()) return without_table(std::move(out));
    out.exists = true;
    if (real->kind != "table") {
      out.differences.push_back(
          {"", "is a " + real->kind + ", so no rows can be written", "Configure another table", true});
    }
    for (const SqliteColumn& column : real->columns) describe_column(*real, column, out);
    for (const event::Column& column : table_columns()) compare(*real, column, out);
    if (real->kind != "table") return out;
    count_foreign(*database, *real, out);
    if (auto told = look_for_doubles(*database, *real, out); !told) return base::fail(std::move(told.error()));
    return out;
  }

  base::Status apply(const StatementHeard& heard) override {
    const std::filesystem::path folder = std::filesystem::path(options_.path).parent_path();
    if (!folder.empty()) {
      if (auto made = sqlite::make_data_folder(folder); !made) return made;
    }
    auto opened = Connection::open(options_.path, table_, sqlite::OpenMode::create, options_.busy_timeout);
    if (!opened) return base::fail(std::move(opened.error()));
    if (opened->layout.created) std::ranges::for_each(statements(), heard);
    for (const event::Column& column : table_columns()) {
      const auto& added = opened->layout.added;
      if (std::ranges::find(added, column.name) != added.end()) heard(add_column_sql(table_, column));
    }
    return {};
  }

 private:
  [[nodiscard]] std::vector<std::string> statements() const {
    std::vector<std::string> all{create_table_sql(table_)};
    for (const auto& more : {create_index_sql(table_), create_loads_sql()}) {
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }

  [[nodiscard]] SchemaDescription without_table(SchemaDescription out) const {
    out.differences.push_back(
        {"", "does not exist",
         "`twinshift schema --target " + options_.target + " --apply` creates it, as the start does", false});
    return out;
  }

  static void describe_column(const SqliteTable& real, const SqliteColumn& column, SchemaDescription& out) {
    SchemaColumn shown{
        .name = lower_name(column.name), .type = column.type, .holds = {}, .encoding = {}, .not_null = column.not_null};
    for (const event::Column& each : table_columns()) {
      if (each.name != shown.name) continue;
      const std::int32_t width = usable(real, column, each.type) ? each.width : event::TableShape::kAbsent;
      shown.holds = holds_of(each, width, each.scale);
    }
    out.columns.push_back(std::move(shown));
  }

  void compare(const SqliteTable& real, const event::Column& column, SchemaDescription& out) const {
    const SqliteColumn* found = real.find(column.name);
    const bool own = event::find_column(column.name) < 0;
    const std::string name(column.name);
    if (found == nullptr) {
      out.differences.push_back(
          {name, own ? "is missing" : "is missing: its values go to extra", add_column_sql(table_, column), false});
    } else if (!usable(real, *found, column.type)) {
      const std::string what = "has the type " + found->type + ", which would change values";
      out.differences.push_back({name, own ? what : what + ": they go to extra instead",
                                 "ALTER TABLE " + quote_identifier(table_) + " RENAME COLUMN " +
                                     quote_identifier(found->name) + " TO " + quote_identifier(name + "_old") +
                                     ", and let --apply add a new one",
                                 own});
    }
  }

  base::Status look_for_doubles(sqlite::Database& database, const SqliteTable& real, SchemaDescription& out) const {
    if (real.find("event_id") == nullptr) return {};
    const auto unique = keeps_ids_unique(database, table_);
    if (!unique) return base::fail(unique.error());
    if (*unique) return {};
    out.differences.push_back({"event_id", kNotUnique, create_index_sql(table_).front(), false});
    const auto doubled = holds_doubled_ids(database, table_);
    if (!doubled) return base::fail(doubled.error());
    if (*doubled) tell_doubled_ids(out);
    return {};
  }

  void count_foreign(sqlite::Database& database, const SqliteTable& real, SchemaDescription& out) const {
    const std::string where = real.find("event_id") == nullptr ? "" : " WHERE event_id IS NULL";
    const auto counted = database.integer("SELECT count(*) FROM " + quote_identifier(table_) + where);
    if (counted) {
      out.foreign_rows = static_cast<std::uint64_t>(*counted);
    } else {
      out.not_counted = counted.error().message;
    }
  }

  SqliteWarehouseOptions options_;
  std::string table_;
};

}  // namespace

base::Result<std::unique_ptr<SchemaAccess>> open_sqlite_schema(SqliteWarehouseOptions options) {
  auto name = parse_table_name(options.table);
  if (!name) return base::fail(std::move(name.error()));
  return std::make_unique<SqliteSchema>(std::move(options), std::move(name->table));
}

}  // namespace twinshift::warehouse
