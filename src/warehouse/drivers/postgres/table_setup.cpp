#include "warehouse/drivers/postgres/table_setup.hpp"

#include <utility>

#include "pg/sqlstate.hpp"
#include "warehouse/drivers/postgres/rights_check.hpp"
#include "warehouse/drivers/postgres/table_reader.hpp"
#include "warehouse/markers.hpp"
#include "warehouse/schema/ddl.hpp"

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;

// Another instance, or a command, made the same thing at the same moment.
bool was_made_meanwhile(const pg::Failure& failure) {
  return !failure.lost && pg::says_already_there(failure.sqlstate, failure.constraint);
}

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
    if (auto done = add_loaded_at(); !done) return std::unexpected(std::move(done.error()));
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
    if (auto read = look(); !read) return read;
    if (!layout_.real.exists)
      return fault("a type of its name stands in its place", "Rename the type, or configure another table");
    if (auto made = make_indexes(); !made) return made;
    layout_.created = true;
    return finish();
  }

  pg::Outcome<void> add_missing() {
    for (const std::string& column : layout_.fit.missing) {
      if (auto added = execute(add_column_sql(options_.dialect, layout_.table, column)); !added) return added;
      layout_.added.push_back(column);
    }
    if (auto made = make_indexes(); !made) return made;
    return finish();
  }

  pg::Outcome<void> finish() {
    if (auto read = look(); !read) return read;
    if (auto sound = check_faults(); !sound) return sound;
    if (options_.dialect != Dialect::postgres || !layout_.fit.id_key.empty()) return {};
    // An index of its name belongs to another table, one that this took the place of: any name will do.
    if (auto made = make_unique(unnamed_index_sql(layout_.table)); !made) return made;
    return look();
  }

  // Rows can be written without it, so only where we were asked to complete the table.
  pg::Outcome<void> add_loaded_at() {
    if (!options_.schema_apply || !layout_.fit.lacks_loaded_at) return {};
    if (auto added = execute(add_loaded_at_sql(options_.dialect, layout_.table)); !added) return added;
    layout_.added.emplace_back(kLoadedAt);
    return look();
  }

  pg::Outcome<void> make_indexes() {
    for (const std::string& sql : create_index_sql(options_.dialect, layout_.table)) {
      if (auto made = make_unique(sql); !made) return made;
    }
    return {};
  }

  pg::Outcome<void> make_unique(const std::string& sql) {
    auto made = execute(sql);
    if (made || made.error().error.kind != ErrorKind::conflict) return made;
    return fault("event_id stands more than once in it, so it cannot be made unique",
                 "Remove the doubles, or configure another table");
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
    if (was_made_meanwhile(done.error())) return {};
    if (done.error().sqlstate == "42501") {
      done.error().error.hint = ddl_grant_hint(connection_, layout_.table, sql, deadline_) +
                                ", or let an owner run `twinshift schema --target " + options_.target + " --apply`";
    }
    return std::unexpected(std::move(done.error()));
  }

  pg::Outcome<void> fault(std::string what, std::string cure) {
    pg::Failure failure;
    failure.error = {ErrorKind::conflict, std::move(what), "table " + layout_.table.quoted(), std::move(cure)};
    return std::unexpected(std::move(failure));
  }

  pg::Connection& connection_;
  const SetupOptions& options_;
  base::SteadyTime deadline_;
  Layout layout_;
};

// Looks at a table that somebody alters at this very moment.
constexpr int kReadsMax = 3;

pg::Outcome<std::string> fingerprint_of(pg::Connection& connection, const TableName& table, base::SteadyTime deadline) {
  auto found = connection.run(fingerprint_sql(table), deadline);
  if (!found) return std::unexpected(std::move(found.error()));
  const pg::Result& row = found->back();
  return row.rows() == 0 ? std::string() : std::string(row.text(0, 0));
}

}  // namespace

pg::Outcome<Layout> set_up_table(pg::Connection& connection, const TableName& table, const SetupOptions& options,
                                 base::SteadyTime deadline) {
  return Setup(connection, options, deadline).run(table);
}

pg::Outcome<Layout> read_layout(pg::Connection& connection, const TableName& table, const SetupOptions& options,
                                base::SteadyTime deadline) {
  auto layout = set_up_table(connection, table, options, deadline);
  if (!layout || options.dialect != Dialect::postgres) return layout;
  for (int read = 0; read < kReadsMax; ++read) {
    auto before = fingerprint_of(connection, layout->table, deadline);
    if (!before) return std::unexpected(std::move(before.error()));
    auto again = set_up_table(connection, table, options, deadline);
    if (!again) return again;
    auto after = fingerprint_of(connection, again->table, deadline);
    if (!after) return std::unexpected(std::move(after.error()));
    again->created = again->created || layout->created;
    again->added.insert(again->added.begin(), layout->added.begin(), layout->added.end());
    layout = std::move(again);
    layout->fingerprint = std::move(*after);
    if (layout->fingerprint == *before) return layout;
  }
  pg::Failure failure;
  failure.error = {ErrorKind::conflict, "the table keeps being changed", "table " + layout->table.quoted(),
                   "Wait until whoever alters it has finished; it is tried again by itself"};
  return std::unexpected(std::move(failure));
}

}  // namespace twinshift::warehouse
