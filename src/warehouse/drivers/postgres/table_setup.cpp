#include "warehouse/drivers/postgres/table_setup.hpp"

#include <utility>

#include "warehouse/drivers/postgres/rights_check.hpp"
#include "warehouse/drivers/postgres/table_reader.hpp"
#include "warehouse/markers.hpp"
#include "warehouse/schema/ddl.hpp"

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;

class Setup {
 public:
  Setup(pg::Connection& connection, const SetupOptions& options, base::SteadyTime deadline)
      : connection_(connection), options_(options), deadline_(deadline) {}

  pg::Outcome<Layout> run(const TableName& table) {
    auto located = locate(connection_, options_.dialect, table, deadline_);
    if (!located) return std::unexpected(std::move(located.error()));
    layout_.table = std::move(*located);
    if (auto read = look(); !read) return std::unexpected(std::move(read.error()));
    if (auto done = complete(); !done) return std::unexpected(std::move(done.error()));
    if (auto done = make_siblings(); !done) return std::unexpected(std::move(done.error()));
    auto may = check_rights(connection_, options_.dialect, layout_.table, deadline_);
    if (!may) return std::unexpected(std::move(may.error()));
    return std::move(layout_);
  }

 private:
  pg::Outcome<void> look() {
    auto real = read_table(connection_, options_.dialect, layout_.table, deadline_);
    if (!real) return std::unexpected(std::move(real.error()));
    layout_.real = std::move(*real);
    layout_.fit = fit_table(options_.dialect, layout_.real, layout_.table);
    return {};
  }

  pg::Outcome<void> complete() {
    if (!layout_.real.exists) return create();
    if (!layout_.real.is_table) return fault("it is not a table", "Configure another table");
    if (auto sound = check_faults(); !sound) return sound;
    const bool no_key = options_.dialect == Dialect::postgres && layout_.fit.id_key.empty();
    if (layout_.fit.missing.empty() && !no_key) return {};
    if (layout_.real.find("event_id") == nullptr && !options_.schema_apply) {
      return fault("the table was not made by Twinshift and lacks its columns",
                   "Let `twinshift schema --target " + options_.target +
                       " --apply` add them, or set SCHEMA_APPLY=true; nothing in it is changed or dropped");
    }
    return add_missing();
  }

  pg::Outcome<void> create() {
    if (auto made = execute(create_table_sql(options_.dialect, layout_.table)); !made) return made;
    if (auto made = make_indexes(); !made) return made;
    layout_.created = true;
    if (auto read = look(); !read) return read;
    return check_faults();
  }

  pg::Outcome<void> add_missing() {
    for (const std::string& column : layout_.fit.missing) {
      if (auto added = execute(add_column_sql(options_.dialect, layout_.table, column)); !added) return added;
      layout_.added.push_back(column);
    }
    if (auto made = make_indexes(); !made) return made;
    if (auto read = look(); !read) return read;
    return check_faults();
  }

  pg::Outcome<void> make_indexes() {
    for (const std::string& sql : create_index_sql(options_.dialect, layout_.table)) {
      auto made = execute(sql);
      if (made) continue;
      if (made.error().error.kind != ErrorKind::conflict) return made;
      return fault("event_id stands more than once in it, so it cannot be made unique",
                   "Remove the doubles, or configure another table");
    }
    return {};
  }

  // Looked for first: CREATE ... IF NOT EXISTS asks for the right to create even where there is nothing to do.
  pg::Outcome<void> make_siblings() {
    const bool redshift = options_.dialect == Dialect::redshift;
    bool all = true;
    for (const std::string_view name : {kLoadsTable, kPartsTable, kWriterTable}) {
      if (!redshift && name != kLoadsTable) continue;
      auto there = table_exists(connection_, options_.dialect, {layout_.table.schema, std::string(name)}, deadline_);
      if (!there) return std::unexpected(std::move(there.error()));
      all = all && *there;
    }
    if (all) return {};
    for (const std::string& sql : create_siblings_sql(options_.dialect, layout_.table)) {
      if (auto made = execute(sql); !made) return made;
    }
    return {};
  }

  pg::Outcome<void> check_faults() {
    if (layout_.fit.faults.empty()) return {};
    const Fit::Fault& first = layout_.fit.faults.front();
    std::string more;
    if (const std::size_t others = layout_.fit.faults.size() - 1; others > 0) {
      more = " (and " + std::to_string(others) + " more: `twinshift schema --diff` shows all)";
    }
    return fault(first.what + more, first.cure);
  }

  pg::Outcome<void> execute(const std::string& sql) {
    auto done = connection_.run(sql, deadline_);
    if (done) {
      if (options_.heard) options_.heard(sql);
      return {};
    }
    if (done.error().sqlstate == "42501") {
      done.error().error.hint = ddl_grant_hint(connection_, layout_.table, sql, deadline_) +
                                ", or let an owner run `twinshift schema --target " + options_.target + " --apply`";
    }
    return std::unexpected(std::move(done.error()));
  }

  pg::Outcome<void> fault(std::string what, std::string cure) {
    pg::Failure failure;
    failure.error = {ErrorKind::conflict, std::move(what), options_.target + ", table " + layout_.table.quoted(),
                     std::move(cure)};
    return std::unexpected(std::move(failure));
  }

  pg::Connection& connection_;
  const SetupOptions& options_;
  base::SteadyTime deadline_;
  Layout layout_;
};

}  // namespace

pg::Outcome<Layout> set_up_table(pg::Connection& connection, const TableName& table, const SetupOptions& options,
                                 base::SteadyTime deadline) {
  return Setup(connection, options, deadline).run(table);
}

}  // namespace twinshift::warehouse
