#include "warehouse/schema/table_setup.hpp"

#include <algorithm>
#include <utility>

#include "warehouse/doubled_ids.hpp"
#include "warehouse/erased.hpp"
#include "warehouse/markers.hpp"
#include "warehouse/owed.hpp"
#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/describe.hpp"
#include "warehouse/schema/rights_check.hpp"
#include "warehouse/schema/table_reader.hpp"

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;

class Setup {
 public:
  Setup(SqlAccess& access, const SetupOptions& options, base::SteadyTime deadline)
      : access_(access), options_(options), deadline_(deadline) {}

  SqlOutcome<Layout> run(const TableName& table) {
    auto located = locate(access_, options_.dialect, table, deadline_);
    if (!located) return std::unexpected(std::move(located.error()));
    layout_.table = std::move(*located);
    if (auto read = look(); !read) return std::unexpected(std::move(read.error()));
    if (auto done = complete(); !done) return std::unexpected(std::move(done.error()));
    if (auto done = add_loaded_at(); !done) return std::unexpected(std::move(done.error()));
    if (auto done = make_siblings(); !done) return std::unexpected(std::move(done.error()));
    if (auto may = check(); !may) return std::unexpected(std::move(may.error()));
    return std::move(layout_);
  }

 private:
  SqlOutcome<void> look() {
    auto real = read_table(access_, options_.dialect, layout_.table, deadline_);
    if (!real) return std::unexpected(std::move(real.error()));
    layout_.real = std::move(*real);
    layout_.fit = fit_table(options_.dialect, layout_.real, layout_.table);
    return {};
  }

  SqlOutcome<void> check() {
    std::vector<std::string_view> optional;
    if (layout_.counts_duplicates) optional.push_back(kDuplicatesTable);
    if (layout_.takes_books) optional.push_back(kOwedTable);
    if (layout_.takes_erasures) optional.push_back(kErasedTable);
    auto grants = check_rights(access_, options_.dialect, layout_.table, optional, deadline_);
    if (!grants) return std::unexpected(std::move(grants.error()));
    for (std::size_t i = 0; i < optional.size(); ++i) {
      if (!grants->at(i).empty()) go_without(optional[i], std::move(grants->at(i)));
    }
    return {};
  }

  SqlOutcome<void> complete() {
    if (!layout_.real.exists) return create();
    if (!layout_.real.is_table) return fault("it is not a table", "Configure another table");
    if (auto sound = check_faults(); !sound) return sound;
    const bool no_key = options_.unique && options_.dialect == Dialect::postgres && layout_.fit.id_key.empty();
    if (layout_.fit.missing.empty() && !no_key) return {};
    if (layout_.real.find("event_id") == nullptr && !options_.schema_apply) {
      return fault("the table was not made by Twinshift and lacks its columns",
                   "Let `twinshift schema --target " + options_.target +
                       " --apply` add them, or set SCHEMA_APPLY=true; nothing in it is changed or dropped");
    }
    return add_missing();
  }

  SqlOutcome<void> create() {
    if (auto made = execute(create_table_sql(options_.dialect, layout_.table)); !made) return made;
    if (auto read = look(); !read) return read;
    if (!layout_.real.exists)
      return fault("a type of its name stands in its place", "Rename the type, or configure another table");
    if (auto made = make_indexes(); !made) return made;
    layout_.created = true;
    return finish();
  }

  SqlOutcome<void> add_missing() {
    for (const std::string& column : layout_.fit.missing) {
      if (auto added = execute(add_column_sql(options_.dialect, layout_.table, column)); !added) return added;
      layout_.added.push_back(column);
    }
    if (auto made = make_indexes(); !made) return made;
    return finish();
  }

  SqlOutcome<void> finish() {
    if (auto read = look(); !read) return read;
    if (auto sound = check_faults(); !sound) return sound;
    if (options_.dialect != Dialect::postgres || !layout_.fit.id_key.empty() || !options_.unique) return {};
    // An index of its name belongs to another table, one that this took the place of: any name will do.
    if (auto made = make_unique(unnamed_index_sql(layout_.table)); !made) return made;
    return look();
  }

  // Rows can be written without it, so only where we were asked to complete the table.
  SqlOutcome<void> add_loaded_at() {
    if (!options_.schema_apply || !layout_.fit.lacks_loaded_at) return {};
    if (auto added = execute(add_loaded_at_sql(options_.dialect, layout_.table)); !added) return added;
    layout_.added.emplace_back(kLoadedAt);
    return look();
  }

  SqlOutcome<void> make_indexes() {
    for (const std::string& sql : create_index_sql(options_.dialect, layout_.table)) {
      if (auto made = make_unique(sql); !made) return made;
    }
    return {};
  }

  SqlOutcome<void> make_unique(const std::string& sql) {
    if (!options_.unique && sql.starts_with("CREATE UNIQUE")) return {};
    auto made = execute(sql);
    if (made || made.error().error.kind != ErrorKind::conflict) return made;
    return fault(kDoubledIds, kDoubledIdsCure);
  }

  SqlOutcome<void> make_siblings() {
    auto there = read_siblings(access_, options_.dialect, layout_.table, deadline_);
    if (!there) return std::unexpected(std::move(there.error()));
    const auto is_there = [&](const std::string& name) { return std::ranges::find(*there, name) != there->end(); };
    for (const Sibling& each : siblings_of(options_.dialect, layout_.table)) {
      if (is_there(each.name) || (!each.index_of.empty() && !is_there(each.index_of))) continue;
      auto made = execute(each.create_sql);
      if (made) {
        there->push_back(each.name);
        continue;
      }
      if (!may_go_without(each, made.error())) return made;
      go_without(each.name, std::move(made.error().error.hint));
    }
    return {};
  }

  // A service whose user may not make what only counts or hastens goes on without it: events come first.
  [[nodiscard]] bool may_go_without(const Sibling& sibling, const SqlFailure& failure) const {
    return !sibling.needed && failure.sqlstate == kNoRight && !failure.lost && !options_.heard;
  }

  void go_without(std::string_view name, std::string cure) {
    if (name == kDuplicatesTable) {
      layout_.counts_duplicates = false;
      layout_.duplicates_cure = std::move(cure);
    } else if (name == kOwedTable) {
      layout_.takes_books = false;
      layout_.books_cure = std::move(cure);
    } else if (name == kErasedTable) {
      layout_.takes_erasures = false;
      layout_.erasures_cure = std::move(cure);
    }
  }

  SqlOutcome<void> check_faults() {
    if (layout_.fit.faults.empty()) return {};
    const Fit::Fault& first = layout_.fit.faults.front();
    std::string more;
    if (const std::size_t others = layout_.fit.faults.size() - 1; others > 0) {
      more = " (and " + std::to_string(others) + " more: `twinshift schema --diff` shows all)";
    }
    return fault(first.what + more, first.cure);
  }

  SqlOutcome<void> execute(const std::string& sql) {
    auto done = access_.run_one(sql, deadline_);
    if (done) {
      if (options_.heard) options_.heard(sql);
      return {};
    }
    // Another instance, or a command, made the same thing at the same moment.
    if (done.error().already_there) return {};
    if (done.error().sqlstate == kNoRight) {
      done.error().error.hint = ddl_grant_hint(access_, layout_.table, sql, deadline_) +
                                ", or let an owner run `twinshift schema --target " + options_.target + " --apply`";
    }
    return std::unexpected(std::move(done.error()));
  }

  SqlOutcome<void> fault(std::string what, std::string cure) {
    SqlFailure failure;
    failure.error = {ErrorKind::conflict, std::move(what), "table " + layout_.table.quoted(), std::move(cure)};
    return std::unexpected(std::move(failure));
  }

  SqlAccess& access_;
  const SetupOptions& options_;
  base::SteadyTime deadline_;
  Layout layout_;
};

// Looks at a table that somebody alters at this very moment.
constexpr int kReadsMax = 3;

SqlOutcome<std::string> fingerprint_of(SqlAccess& access, const TableName& table, base::SteadyTime deadline) {
  auto found = access.run_one(fingerprint_sql(table), deadline);
  if (!found) return std::unexpected(std::move(found.error()));
  return std::string(found->text(0, 0));
}

}  // namespace

SqlOutcome<Layout> set_up_table(SqlAccess& access, const TableName& table, const SetupOptions& options,
                                base::SteadyTime deadline) {
  return Setup(access, options, deadline).run(table);
}

SqlOutcome<Layout> read_layout(SqlAccess& access, const TableName& table, const SetupOptions& options,
                               base::SteadyTime deadline) {
  auto layout = set_up_table(access, table, options, deadline);
  if (!layout || options.dialect != Dialect::postgres) return layout;
  for (int read = 0; read < kReadsMax; ++read) {
    auto before = fingerprint_of(access, layout->table, deadline);
    if (!before) return std::unexpected(std::move(before.error()));
    auto again = set_up_table(access, table, options, deadline);
    if (!again) return again;
    auto after = fingerprint_of(access, again->table, deadline);
    if (!after) return std::unexpected(std::move(after.error()));
    again->created = again->created || layout->created;
    again->added.insert(again->added.begin(), layout->added.begin(), layout->added.end());
    layout = std::move(again);
    layout->fingerprint = std::move(*after);
    if (layout->fingerprint == *before) return layout;
  }
  SqlFailure failure;
  failure.error = {ErrorKind::conflict, "the table keeps being changed", "table " + layout->table.quoted(),
                   "Wait until whoever alters it has finished; it is tried again by itself"};
  return std::unexpected(std::move(failure));
}

}  // namespace twinshift::warehouse
