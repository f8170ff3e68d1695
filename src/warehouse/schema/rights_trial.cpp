#include "warehouse/schema/rights_trial.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/rights_check.hpp"
#include "warehouse/schema/table_reader.hpp"
#include "warehouse/schema/write_text.hpp"

namespace twinshift::warehouse {
namespace {

// No row is written, and nobody waits for us; the server still looks at every right first.
std::string empty_insert_sql(const std::string& quoted, const std::string& columns) {
  const std::string list = columns.empty() ? std::string() : fmt::format(" ({})", columns);
  return fmt::format("INSERT INTO {0}{1} SELECT {2} FROM {0} WHERE false", quoted, list,
                     columns.empty() ? "*" : columns);
}

class Trial {
 public:
  Trial(SqlAccess& access, Dialect dialect, bool has_transactions, base::SteadyTime deadline)
      : access_(access), dialect_(dialect), has_transactions_(has_transactions), deadline_(deadline) {}

  SqlOutcome<RightsTrial> run(const TableName& table) {
    if (auto read = look(table); !read) return std::unexpected(std::move(read.error()));
    if (auto asked = general(); !asked) return std::unexpected(std::move(asked.error()));
    if (!out_.findings.empty())
      return std::move(out_);  // the schema or its temporary tables: the rest would say the same
    if (auto tried = making(); !tried) return std::unexpected(std::move(tried.error()));
    if (auto asked = tables(); !asked) return std::unexpected(std::move(asked.error()));
    if (!stops()) {
      if (auto tried = writing(); !tried) return std::unexpected(std::move(tried.error()));
    }
    out_.tried = has_transactions_ ? "tried in a transaction that was rolled back"
                                   : "INSERTs tried without a row, the rest asked of the catalog";
    return std::move(out_);
  }

 private:
  SqlOutcome<void> look(const TableName& table) {
    auto located = locate(access_, dialect_, table, deadline_);
    if (!located) return std::unexpected(std::move(located.error()));
    table_ = std::move(*located);
    auto real = read_table(access_, dialect_, table_, deadline_);
    if (!real) return std::unexpected(std::move(real.error()));
    real_ = std::move(*real);
    auto siblings = read_siblings(access_, dialect_, table_, deadline_);
    if (!siblings) return std::unexpected(std::move(siblings.error()));
    siblings_ = std::move(*siblings);
    return {};
  }

  SqlOutcome<void> general() { return noted(check_general_rights(access_, dialect_, table_.schema, deadline_)); }

  // A right that is missing is what we came to find; any other trouble ends the trial.
  SqlOutcome<void> noted(SqlOutcome<void> done) {
    if (done) return {};
    SqlFailure& failure = done.error();
    if (failure.lost || failure.sqlstate != kNoRight) return std::unexpected(std::move(failure));
    add(failure.error.message + (failure.error.where.empty() ? "" : " (" + failure.error.where + ")"),
        failure.error.hint, true);
    return {};
  }

  void add(std::string what, std::string cure, bool stops) {
    out_.findings.push_back({std::move(what), std::move(cure), stops});
  }
  [[nodiscard]] bool stops() const { return std::ranges::any_of(out_.findings, &RightsFinding::stops); }

  [[nodiscard]] bool is_there(const std::string& name) const {
    return std::ranges::find(siblings_, name) != siblings_.end();
  }

  // Is there anything that a start would make, and may we?
  SqlOutcome<void> making() {
    bool needed = !real_.exists;
    std::string lacking = needed ? "the event table" : "";
    for (const Sibling& each : siblings_of(dialect_, table_)) {
      if (is_there(each.name) || !each.index_of.empty()) continue;
      needed = needed || each.needed;
      if (lacking.empty()) lacking = each.name;
    }
    if (lacking.empty()) return {};
    auto may = may_create();
    if (!may) return std::unexpected(std::move(may.error()));
    if (*may) return {};
    add(fmt::format("our user may not create tables in the schema {}, and {} is not there yet",
                    quote_identifier(table_.schema), lacking),
        ddl_grant_hint(access_, table_, "CREATE TABLE", deadline_), needed);
    return {};
  }

  SqlOutcome<bool> may_create() {
    if (!has_transactions_) {
      auto may = access_.run_one(
          fmt::format("SELECT has_schema_privilege(current_user, {}, 'CREATE')", literal(dialect_, table_.schema)),
          deadline_);
      if (!may) return std::unexpected(std::move(may.error()));
      return may->is_true(0, 0);
    }
    auto made = roll_back({fmt::format("CREATE TABLE {} (probe INTEGER)", own_name())});
    if (made) return true;
    if (made.error().sqlstate == kNoRight) return false;
    return std::unexpected(std::move(made.error()));
  }

  // What the catalog knows of the tables that are there: the exact GRANT.
  SqlOutcome<void> tables() {
    if (!real_.exists || !real_.is_table) return {};
    std::vector<std::string_view> optional;
    const auto siblings = siblings_of(dialect_, table_);
    for (const Sibling& each : siblings) {
      const bool there = is_there(each.name);
      if (each.needed && !there) return {};  // to be made by us, and then ours
      if (!each.needed && there && each.index_of.empty()) optional.push_back(each.name);
    }
    auto grants = check_rights(access_, dialect_, table_, optional, deadline_);
    if (!grants) return noted(std::unexpected(std::move(grants.error())));
    for (std::size_t i = 0; i < optional.size(); ++i) {
      if (grants->at(i).empty()) continue;
      add(fmt::format("our user may not write {}", optional[i]), grants->at(i), false);
      denied_.emplace_back(optional[i]);
    }
    return {};
  }

  SqlOutcome<void> writing() {
    std::vector<std::string> statements{
        fmt::format("CREATE TEMPORARY TABLE {} (probe INTEGER)", quote_identifier(own_table()))};
    if (real_.exists && real_.is_table) {
      const Fit fit = fit_table(dialect_, real_, table_);
      statements.push_back(empty_insert_sql(table_.quoted(), column_list(fit.columns)));
    }
    for (const Sibling& each : siblings_of(dialect_, table_)) {
      const bool denied = std::ranges::find(denied_, each.name) != denied_.end();
      if (!is_there(each.name) || !each.index_of.empty() || denied || each.name == kWriterTable) continue;
      statements.push_back(empty_insert_sql(sibling(table_, each.name), {}));
    }
    auto done = has_transactions_ ? roll_back(std::move(statements)) : run_all(statements);
    if (done || done.error().lost) return done;
    // The catalog saw no fault, so it is one that only shows when it is done: a read-only server, a right on some
    // columns alone.
    add(done.error().error.message, done.error().error.hint, true);
    return {};
  }

  SqlOutcome<void> run_all(const std::vector<std::string>& statements) {
    auto done = access_.run(statements, deadline_);
    if (!done) return std::unexpected(std::move(done.error()));
    return {};
  }

  SqlOutcome<void> roll_back(std::vector<std::string> statements) {
    statements.insert(statements.begin(), "BEGIN");
    statements.emplace_back("ROLLBACK");
    auto done = run_all(statements);
    if (!done && !done.error().lost)
      (void)access_.run_one("ROLLBACK", deadline_);  // a lost connection rolls back itself
    return done;
  }

  [[nodiscard]] std::string own_table() const { return own_table_; }
  [[nodiscard]] std::string own_name() const { return TableName{table_.schema, own_table_}.quoted(); }

  SqlAccess& access_;
  const Dialect dialect_;
  const bool has_transactions_;
  const base::SteadyTime deadline_;
  // Nobody else's, should two run at once.
  const std::string own_table_ = fmt::format("twinshift_doctor_{:016x}", base::random_seed());
  TableName table_;
  RealTable real_;
  std::vector<std::string> siblings_;
  std::vector<std::string> denied_;
  RightsTrial out_;
};

}  // namespace

SqlOutcome<RightsTrial> try_rights(SqlAccess& access, Dialect dialect, const TableName& table, bool has_transactions,
                                   base::SteadyTime deadline) {
  return Trial(access, dialect, has_transactions, deadline).run(table);
}

}  // namespace twinshift::warehouse
