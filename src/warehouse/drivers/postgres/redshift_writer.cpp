// Redshift: no COPY from us, no ON CONFLICT, no enforced key. The stage is filled in a transaction of its own; then,
// under the writer lock and with nothing before it that takes a snapshot: what is there already, the others' insert,
// the markers, COMMIT (docs/decisions/redshift-write.md).
#include <algorithm>
#include <array>
#include <utility>

#include "warehouse/drivers/postgres/batch_plan.hpp"
#include "warehouse/drivers/postgres/batch_writer.hpp"
#include "warehouse/drivers/postgres/text_row.hpp"
#include "warehouse/schema/write_text.hpp"

namespace twinshift::warehouse {
namespace {

// Rows of one INSERT into the stage: a statement for each of these sizes is prepared where it is needed.
constexpr std::array<std::size_t, 3> kStatementRows = {64, 8, 1};
// A statement of more bytes is split where it can be: Redshift takes 16 MB (developer guide, "INSERT").
constexpr std::size_t kStatementBytes = 8U << 20U;
// DELETE leaves dead rows in the stage: it is made anew after this many.
constexpr std::size_t kStageRowsMax = 100'000;
// Parts of 48 KB in one INSERT.
constexpr std::size_t kPartRows = 1;

class RedshiftWriter final : public BatchWriter {
 public:
  RedshiftWriter(pg::Connection& connection, const Layout& layout, WriterIdentity identity)
      : connection_(connection),
        layout_(layout),
        identity_(std::move(identity)),
        rows_(layout.fit.columns, layout.fit.shape),
        part_rows_({}, {}) {}

  pg::Outcome<std::vector<Outcome>> write(const Batch& batch, base::SteadyTime deadline) override {
    BatchPlan plan = plan_batch(batch);
    has_parts_ = false;
    if (auto filled = fill_stage(batch, plan, deadline); !filled) return std::unexpected(std::move(filled.error()));
    auto duplicates = find_duplicates(batch, plan, deadline);
    if (!duplicates) return std::unexpected(std::move(duplicates.error()));
    for (const std::uint32_t place : *duplicates) plan.outcomes.at(place) = Outcome::duplicate;
    if (auto done = commit(batch, plan.outcomes, *duplicates, deadline); !done) {
      return std::unexpected(std::move(done.error()));
    }
    return std::move(plan.outcomes);
  }

  pg::Outcome<std::optional<Marker>> find_marker(std::string_view batch_id, base::SteadyTime deadline) override {
    auto found = connection_.run("BEGIN; " + lock_writer_sql(layout_.table) + "; " +
                                     find_marker_sql(Dialect::redshift, layout_.table, batch_id) + "; COMMIT",
                                 deadline);
    if (!found) return std::unexpected(std::move(found.error()));
    return read_marker(*found, batch_id);
  }

 private:
  pg::Outcome<void> execute(const std::string& sql, base::SteadyTime deadline) {
    auto done = connection_.run(sql, deadline);
    if (!done) return std::unexpected(std::move(done.error()));
    return {};
  }

  // A statement that is gone with its table need not be forgotten: its name is used anew with the new one.
  pg::Outcome<void> renew_stage(base::SteadyTime deadline) {
    if (stage_made_ && staged_rows_ < kStageRowsMax) {
      return execute(
          "BEGIN; DELETE FROM " + std::string(kStageTable) + "; DELETE FROM " + std::string(kPartsStageTable),
          deadline);
    }
    std::string sql = "BEGIN";
    for (const std::string_view stage : {kStageTable, kPartsStageTable}) {
      if (stage_made_) sql += "; DROP TABLE " + std::string(stage);
    }
    for (const std::string& create : create_stages_sql(layout_.real, layout_.fit.columns)) sql += "; " + create;
    for (const std::string& name : std::exchange(prepared_, {})) sql += "; DEALLOCATE " + name;
    stage_made_ = false;
    auto done = execute(sql, deadline);
    stage_made_ = done.has_value();
    staged_rows_ = 0;
    return done;
  }

  pg::Outcome<void> fill_stage(const Batch& batch, const BatchPlan& plan, base::SteadyTime deadline) {
    if (auto ready = renew_stage(deadline); !ready) return ready;
    for (std::size_t at = 0; at < plan.rows.size();) {
      auto taken = put_rows(batch, plan, at, deadline);
      if (!taken) return std::unexpected(std::move(taken.error()));
      at += *taken;
    }
    staged_rows_ += plan.rows.size();
    return execute("COMMIT", deadline);
  }

  // One statement; returns how many rows it put there.
  pg::Outcome<std::size_t> put_rows(const Batch& batch, const BatchPlan& plan, std::size_t at,
                                    base::SteadyTime deadline) {
    const std::size_t size = statement_rows(batch, plan, at);
    rows_.clear();
    for (std::size_t i = at; i < at + size; ++i) {
      const std::uint32_t place = plan.rows[i];
      const std::size_t parts = rows_.add(batch.events[place], place);
      if (parts == 0) continue;
      if (auto put = put_parts(*batch.events[place], place, deadline); !put) {
        return std::unexpected(std::move(put.error()));
      }
    }
    auto put = run(statement(size), rows_, deadline);
    if (!put) return std::unexpected(std::move(put.error()));
    return size;
  }

  [[nodiscard]] static std::size_t statement_rows(const Batch& batch, const BatchPlan& plan, std::size_t at) {
    for (const std::size_t size : kStatementRows) {
      if (at + size > plan.rows.size()) continue;
      std::size_t bytes = 0;
      for (std::size_t i = at; i < at + size; ++i) bytes += batch.events[plan.rows[i]]->json.size();
      if (bytes <= kStatementBytes) return size;
    }
    return 1;
  }

  struct Prepared {
    std::string name;
    std::string sql;
  };
  [[nodiscard]] Prepared statement(std::size_t rows) const {
    return {"twinshift_rows_" + std::to_string(rows), insert_to_stage_sql(layout_.fit.columns, rows)};
  }

  pg::Outcome<void> run(const Prepared& statement, TextRows& rows, base::SteadyTime deadline) {
    if (std::ranges::find(prepared_, statement.name) == prepared_.end()) {
      auto made = connection_.prepare(statement.name, statement.sql, deadline);
      if (!made) return made;
      prepared_.push_back(statement.name);
    }
    auto done = connection_.run_prepared(statement.name, rows.parameters(), deadline);
    if (!done) return std::unexpected(std::move(done.error()));
    return {};
  }

  pg::Outcome<void> put_parts(const event::Event& event, std::uint32_t place, base::SteadyTime deadline) {
    const auto parts = event::split_parts(event.json);
    has_parts_ = true;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      part_rows_.clear();
      part_rows_.add_part(event, place, i + 1, parts.size(), parts[i]);
      auto put = run({"twinshift_part", insert_to_parts_stage_sql(kPartRows)}, part_rows_, deadline);
      if (!put) return put;
    }
    return {};
  }

  pg::Outcome<std::vector<std::uint32_t>> find_duplicates(const Batch& batch, const BatchPlan& plan,
                                                          base::SteadyTime deadline) {
    auto found = connection_.run(
        "BEGIN; " + lock_writer_sql(layout_.table) + "; " + find_duplicates_sql(layout_.table, ranges_of(batch, plan)),
        deadline);
    if (!found) return std::unexpected(std::move(found.error()));
    const pg::Result& rows = found->back();
    std::vector<std::uint32_t> places;
    for (int row = 0; row < rows.rows(); ++row) places.push_back(static_cast<std::uint32_t>(rows.integer(row, 0)));
    return places;
  }

  pg::Outcome<void> commit(const Batch& batch, const std::vector<Outcome>& outcomes,
                           const std::vector<std::uint32_t>& duplicates, base::SteadyTime deadline) {
    const MarkerOrigin origin{layout_.table.table, identity_.instance, batch.id, identity_.clock->now()};
    std::string insert = insert_from_stage_sql(layout_.table, layout_.fit.columns, duplicates);
    if (has_parts_) insert += "; " + insert_parts_sql(layout_.table, duplicates);
    // On its own, so that what it refuses is known to be about rows.
    if (auto done = execute(insert, deadline); !done) return done;
    return commit_step(
        connection_,
        insert_markers_sql(Dialect::redshift, layout_.table, origin, markers_of(batch, outcomes)) + "; COMMIT",
        deadline);
  }

  pg::Connection& connection_;
  const Layout& layout_;
  WriterIdentity identity_;
  TextRows rows_;
  TextRows part_rows_;
  std::vector<std::string> prepared_;
  std::size_t staged_rows_ = 0;
  bool stage_made_ = false;
  bool has_parts_ = false;
};

}  // namespace

std::unique_ptr<BatchWriter> make_redshift_writer(pg::Connection& connection, const Layout& layout,
                                                  WriterIdentity identity) {
  return std::make_unique<RedshiftWriter>(connection, layout, std::move(identity));
}

}  // namespace twinshift::warehouse
