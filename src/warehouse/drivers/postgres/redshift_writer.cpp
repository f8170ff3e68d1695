// Redshift: no COPY from us, no ON CONFLICT, no enforced key. The stage is filled in a transaction of its own; then,
// under the writer lock and with nothing before it that takes a snapshot: what is there already, the others' insert,
// the markers, COMMIT (docs/decisions/0006-redshift-over-the-wire.md).
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/failpoint.hpp"
#include "warehouse/batch_plan.hpp"
#include "warehouse/drivers/postgres/batch_writer.hpp"
#include "warehouse/drivers/postgres/redshift_stage.hpp"
#include "warehouse/markers.hpp"
#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/duplicate_text.hpp"
#include "warehouse/schema/owed_text.hpp"
#include "warehouse/schema/write_text.hpp"

namespace twinshift::warehouse {
namespace {

class RedshiftWriter final : public BatchWriter {
 public:
  RedshiftWriter(pg::Connection& connection, const Layout& layout, WriterIdentity identity)
      : connection_(connection), layout_(layout), identity_(std::move(identity)), stage_(connection, layout) {}

  pg::Outcome<Written> write(const Batch& batch, base::SteadyTime deadline) override {
    base::failpoint(base::Failpoint::warehouse_redshift_before_stage);
    TWINSHIFT_ASSERT(batch.remove.size() <= kRemovedMax);
    removed_ = 0;
    if (batch.events.empty()) {
      return remove_alone_step(connection_, batch, [&] { return remove_rows(batch, deadline); }, deadline);
    }
    BatchPlan plan = plan_batch(batch);
    if (auto filled = stage_.fill(batch, plan, deadline); !filled) return std::unexpected(std::move(filled.error()));
    base::failpoint(base::Failpoint::warehouse_redshift_staged);
    auto duplicates = find_duplicates(batch, plan, deadline);
    if (!duplicates) return std::unexpected(std::move(duplicates.error()));
    base::failpoint(base::Failpoint::warehouse_redshift_locked);
    for (const std::uint32_t place : *duplicates) plan.outcomes.at(place) = Outcome::duplicate;
    if (auto done = commit(batch, plan, *duplicates, deadline); !done) {
      return std::unexpected(std::move(done.error()));
    }
    if (base::failpoint_fails(base::Failpoint::warehouse_redshift_after_commit)) return std::unexpected(lost_answer());
    return Written{std::move(plan.outcomes), stage_.take_displaced(), removed_};
  }

  // Under the lock that every writer of these tables takes: Redshift would let one of two fail with error 1023.
  pg::Outcome<std::uint64_t> prune(base::WallTime before, base::SteadyTime deadline) override {
    const PruneScope scope{identity_.instance, before};
    std::string sql =
        "BEGIN; " + lock_writer_sql(layout_.table) + "; " + prune_loads_sql(Dialect::redshift, layout_.table, scope);
    if (layout_.counts_duplicates) sql += "; " + prune_duplicates_sql(Dialect::redshift, layout_.table, scope);
    if (layout_.takes_books) sql += "; " + prune_owed_sql(Dialect::redshift, layout_.table, before);
    auto pruned = prune_step(connection_, sql + "; COMMIT", layout_.table, deadline);
    if (pruned) base::failpoint(base::Failpoint::warehouse_redshift_prune_after_commit);
    return pruned;
  }

  pg::Outcome<void> publish(std::span<const OwedRow> rows, base::SteadyTime deadline) override {
    auto done = connection_.run("BEGIN; " + lock_writer_sql(layout_.table) + "; " +
                                    insert_owed_sql(Dialect::redshift, layout_.table, rows) + "; COMMIT",
                                deadline);
    if (!done) return std::unexpected(std::move(done.error()));
    base::failpoint(base::Failpoint::warehouse_redshift_publish_after_commit);
    return {};
  }

  pg::Outcome<std::uint64_t> erase(std::span<const EventPlace> places, base::SteadyTime deadline) override {
    auto erased = erase_step(connection_, lock_writer_sql(layout_.table), Dialect::redshift, layout_, places,
                             identity_.clock->now(), deadline);
    if (erased) base::failpoint(base::Failpoint::warehouse_redshift_erase_after_commit);
    return erased;
  }

  pg::Outcome<std::uint64_t> mark_rebuilt(std::span<const RebuiltHour> hours, base::SteadyTime deadline) override {
    const MarkerOrigin origin{layout_.table.table, identity_.instance, {}, identity_.clock->now()};
    return mark_step(connection_, lock_writer_sql(layout_.table),
                     insert_rebuilt_sql(Dialect::redshift, layout_.table, origin, hours), deadline);
  }

  pg::Outcome<std::optional<Marker>> find_marker(std::string_view batch_id, base::SteadyTime deadline) override {
    base::failpoint(base::Failpoint::warehouse_redshift_find_marker);
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

  [[nodiscard]] std::string begin_sql() const { return "BEGIN; " + lock_writer_sql(layout_.table); }

  pg::Failure without_lock(pg::Failure failure) const {
    if (failure.sqlstate == kNoRight) {
      failure.error.hint = "GRANT SELECT, INSERT, UPDATE, DELETE ON " + sibling(layout_.table, kWriterTable) +
                           " TO the user that we log in as: it is locked while a batch is written";
    }
    return failure;
  }

  // Begins the transaction with it; rows that went.
  pg::Outcome<std::uint64_t> remove_rows(const Batch& batch, base::SteadyTime deadline) {
    auto locked = connection_.run(begin_sql(), deadline);
    if (!locked) return std::unexpected(without_lock(std::move(locked.error())));
    auto removed =
        remove_step(connection_,
                    remove_rows_sql(layout_.table, batch.remove) + "; " + remove_parts_sql(layout_.table, batch.remove),
                    Dialect::redshift, layout_.table, deadline);
    if (removed) base::failpoint(base::Failpoint::warehouse_redshift_removed);
    return removed;
  }

  pg::Outcome<std::vector<std::uint32_t>> find_duplicates(const Batch& batch, const BatchPlan& plan,
                                                          base::SteadyTime deadline) {
    std::string begin = begin_sql() + "; ";
    if (!batch.remove.empty()) {
      auto removed = remove_rows(batch, deadline);
      if (!removed) return std::unexpected(std::move(removed.error()));
      removed_ = *removed;
      begin.clear();
    }
    auto found = connection_.run(
        begin + find_duplicates_sql(layout_.table, ranges_of(batch, plan), layout_.takes_erasures), deadline);
    if (!found) return std::unexpected(without_lock(std::move(found.error())));
    const pg::Result& rows = found->back();
    std::vector<std::uint32_t> places;
    for (int row = 0; row < rows.rows(); ++row) places.push_back(static_cast<std::uint32_t>(rows.integer(row, 0)));
    return places;
  }

  pg::Outcome<void> commit(const Batch& batch, const BatchPlan& plan, const std::vector<std::uint32_t>& duplicates,
                           base::SteadyTime deadline) {
    const MarkerOrigin origin{layout_.table.table, identity_.instance, batch.id, identity_.clock->now()};
    std::string insert = insert_from_stage_sql(layout_.table, layout_.fit.columns, duplicates);
    if (stage_.has_parts()) insert += "; " + insert_parts_sql(layout_.table, duplicates);
    // On its own, so that what it refuses is known to be about rows.
    if (auto done = execute(insert, deadline); !done) return done;
    base::failpoint(base::Failpoint::warehouse_redshift_before_commit);
    std::string sql;
    if (!duplicates.empty() || !plan.doubles.empty()) sql = duplicates_sql(batch, plan, origin);
    sql += insert_markers_sql(Dialect::redshift, layout_.table, origin, markers_of(batch, plan.outcomes));
    return commit_step(connection_, sql + "; COMMIT", deadline);
  }

  // The stage still has all of the batch but what stood twice in it.
  [[nodiscard]] std::string duplicates_sql(const Batch& batch, const BatchPlan& plan,
                                           const MarkerOrigin& origin) const {
    if (!layout_.counts_duplicates) return {};
    const Stored received_at = received_at_stored(layout_.fit.columns);
    std::vector<StagedDouble> doubles;
    for (const std::uint32_t place : plan.doubles) doubles.push_back({place, batch.events[place].get()});
    std::string sql;
    if (!doubles.empty()) sql = stage_doubles_sql(received_at, doubles) + "; ";
    return sql +
           insert_staged_duplicates_sql(layout_.table, origin, received_at, ranges_of(batch, plan),
                                        layout_.takes_erasures) +
           "; ";
  }

  pg::Connection& connection_;
  const Layout& layout_;
  WriterIdentity identity_;
  RedshiftStage stage_;
  std::uint64_t removed_ = 0;  // by the batch at hand
};

}  // namespace

std::unique_ptr<BatchWriter> make_redshift_writer(pg::Connection& connection, const Layout& layout,
                                                  WriterIdentity identity) {
  return std::make_unique<RedshiftWriter>(connection, layout, std::move(identity));
}

}  // namespace twinshift::warehouse
