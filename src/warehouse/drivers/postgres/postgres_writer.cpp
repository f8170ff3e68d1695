// PostgreSQL: rows go by binary COPY straight into the table, where the unique index refuses what is there already.
// That is the usual case and costs the server half of what a stage does; a batch that holds a duplicate is written
// again through the stage, and so are the next ones, as duplicates come in swarms (a redelivery).
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/failpoint.hpp"
#include "pg/sqlstate.hpp"
#include "warehouse/batch_plan.hpp"
#include "warehouse/drivers/postgres/batch_writer.hpp"
#include "warehouse/drivers/postgres/copy_encoder.hpp"
#include "warehouse/schema/duplicate_text.hpp"
#include "warehouse/schema/erased_text.hpp"
#include "warehouse/schema/owed_text.hpp"
#include "warehouse/schema/table_reader.hpp"
#include "warehouse/schema/write_text.hpp"

namespace twinshift::warehouse {
namespace {

// Batches that go through the stage after one that met a duplicate.
constexpr int kStageBatches = 16;
// Bytes that are encoded before they are handed to the connection.
constexpr std::size_t kChunkBytes = 256U << 10U;

class PostgresWriter final : public BatchWriter {
 public:
  PostgresWriter(pg::Connection& connection, const Layout& layout, WriterIdentity identity)
      : connection_(connection),
        layout_(layout),
        identity_(std::move(identity)),
        encoder_(layout.fit.columns, layout.fit.shape) {}

  pg::Outcome<Written> write(const Batch& batch, base::SteadyTime deadline) override {
    base::failpoint(base::Failpoint::warehouse_postgres_before_begin);
    TWINSHIFT_ASSERT(batch.remove.size() <= kRemovedMax);
    removed_ = 0;
    if (batch.events.empty()) {
      return remove_alone_step(connection_, batch, [&] { return remove_rows(batch, deadline); }, deadline);
    }
    BatchPlan plan = plan_batch(batch);
    if (stage_batches_ == 0 && is_unique()) {
      auto copied = copy_rows(batch, plan, false, deadline);
      if (copied) return finish(batch, std::move(plan), deadline);
      if (!is_duplicate(copied.error())) return std::unexpected(std::move(copied.error()));
      if (auto back = connection_.run("ROLLBACK", deadline); !back) return std::unexpected(std::move(back.error()));
      stage_batches_ = kStageBatches;
    }
    if (auto staged = write_through_stage(batch, plan, deadline); !staged) {
      return std::unexpected(std::move(staged.error()));
    }
    if (stage_batches_ > 0) --stage_batches_;
    return finish(batch, std::move(plan), deadline);
  }

  pg::Outcome<std::uint64_t> prune(base::WallTime before, base::SteadyTime deadline) override {
    const PruneScope scope{identity_.instance, before};
    std::string sql = prune_loads_sql(Dialect::postgres, layout_.table, scope);
    if (layout_.counts_duplicates) sql += "; " + prune_duplicates_sql(Dialect::postgres, layout_.table, scope);
    if (layout_.takes_books) sql += "; " + prune_owed_sql(Dialect::postgres, layout_.table, before);
    auto pruned = prune_step(connection_, sql, layout_.table, deadline);
    if (pruned) base::failpoint(base::Failpoint::warehouse_postgres_prune_after_commit);
    return pruned;
  }

  pg::Outcome<void> publish(std::span<const OwedRow> rows, base::SteadyTime deadline) override {
    auto done = connection_.run(insert_owed_sql(Dialect::postgres, layout_.table, rows), deadline);
    if (!done) return std::unexpected(std::move(done.error()));
    base::failpoint(base::Failpoint::warehouse_postgres_publish_after_commit);
    return {};
  }

  pg::Outcome<std::uint64_t> erase(std::span<const EventPlace> places, base::SteadyTime deadline) override {
    auto erased = erase_step(connection_, lock_out_writers_sql(layout_.table), Dialect::postgres, layout_, places,
                             identity_.clock->now(), deadline);
    if (erased) base::failpoint(base::Failpoint::warehouse_postgres_erase_after_commit);
    return erased;
  }

  // The lock of a batch's id, here of all that is marked so: live batches go on beside it.
  pg::Outcome<std::uint64_t> mark_rebuilt(std::span<const RebuiltHour> hours, base::SteadyTime deadline) override {
    const MarkerOrigin origin{layout_.table.table, identity_.instance, {}, identity_.clock->now()};
    return mark_step(connection_, lock_table_sql(layout_.table) + "; " + batch_lock_sql(kRebuiltPrefix),
                     insert_rebuilt_sql(Dialect::postgres, layout_.table, origin, hours), deadline);
  }

  pg::Outcome<std::optional<Marker>> find_marker(std::string_view batch_id, base::SteadyTime deadline) override {
    base::failpoint(base::Failpoint::warehouse_postgres_find_marker);
    auto found = connection_.run("BEGIN; " + batch_lock_sql(batch_id) + "; " +
                                     find_marker_sql(Dialect::postgres, layout_.table, batch_id) + "; COMMIT",
                                 deadline);
    if (!found) return std::unexpected(std::move(found.error()));
    return read_marker(*found, batch_id);
  }

 private:
  [[nodiscard]] bool is_duplicate(const pg::Failure& failure) const {
    return !failure.lost && failure.sqlstate == pg::kUniqueViolation && failure.constraint == layout_.fit.id_key;
  }

  // Not while doubles are removed: then nobody else may write, for no index would tell who has written what.
  [[nodiscard]] bool is_unique() const { return !layout_.fit.id_key.empty(); }

  [[nodiscard]] std::string begin_sql(const Batch& batch) const {
    const std::string lock = is_unique() ? lock_table_sql(layout_.table) : lock_out_writers_sql(layout_.table);
    return "BEGIN; " + lock + "; " + batch_lock_sql(batch.id) + "; ";
  }

  // Begins the transaction with it; rows that went.
  pg::Outcome<std::uint64_t> remove_rows(const Batch& batch, base::SteadyTime deadline) {
    auto removed = remove_step(connection_, begin_sql(batch) + remove_rows_sql(layout_.table, batch.remove),
                               Dialect::postgres, layout_.table, deadline);
    if (removed) base::failpoint(base::Failpoint::warehouse_postgres_removed);
    return removed;
  }

  pg::Outcome<void> begin_copy(const Batch& batch, BatchPlan& plan, bool to_stage, base::SteadyTime deadline) {
    const std::vector<WriteColumn>& columns = layout_.fit.columns;
    const std::string copy = to_stage ? copy_to_stage_sql(columns) : copy_sql(layout_.table, columns);
    std::string begin = begin_sql(batch);
    if (!batch.remove.empty()) {
      auto removed = remove_rows(batch, deadline);
      if (!removed) return std::unexpected(std::move(removed.error()));
      removed_ = *removed;
      begin.clear();
    }
    if (erased_any_) {
      if (auto left = leave_out_erased(batch, plan, begin, deadline); !left) return left;
      begin.clear();
    } else {
      const bool asks = layout_.takes_erasures;
      begin += (asks ? fingerprint_and_erased_sql(layout_.table) : fingerprint_sql(layout_.table)) + "; ";
    }
    auto begun = connection_.begin_copy(begin + copy, deadline);
    if (!begun) return std::unexpected(std::move(begun.error()));
    if (erased_any_) return {};
    if (auto same = check_fingerprint(*begun); !same) return same;
    if (!layout_.takes_erasures || begun->back().text(0, 1) != "t") return {};
    erased_any_ = true;
    if (auto ended = end_empty_copy(deadline); !ended) return ended;
    return begin_copy(batch, plan, to_stage, deadline);
  }

  // Binary rows carry no types: in a column of another type they would be other values.
  pg::Outcome<void> check_fingerprint(const std::vector<pg::Result>& results) const {
    if (results.empty() || results.back().rows() != 1 || results.back().text(0, 0) != layout_.fingerprint) {
      return std::unexpected(changed_table(layout_.table));
    }
    return {};
  }

  pg::Outcome<void> end_empty_copy(base::SteadyTime deadline) {
    encoder_.begin();
    encoder_.end();
    auto sent = connection_.put_copy(encoder_.bytes(), deadline);
    encoder_.take();
    if (!sent) return sent;
    if (auto ended = connection_.end_copy(deadline); !ended) return std::unexpected(std::move(ended.error()));
    if (auto back = connection_.run("ROLLBACK", deadline); !back) return std::unexpected(std::move(back.error()));
    return {};
  }

  pg::Outcome<void> leave_out_erased(const Batch& batch, BatchPlan& plan, const std::string& begin,
                                     base::SteadyTime deadline) {
    auto found = connection_.run(
        begin + find_erased_sql(layout_.table, batch.events) + "; " + fingerprint_sql(layout_.table), deadline);
    if (!found) return std::unexpected(std::move(found.error()));
    if (auto same = check_fingerprint(*found); !same) return same;
    erased_ids_.clear();
    const pg::Result& ids = (*found)[found->size() - 2];
    for (int row = 0; row < ids.rows(); ++row) erased_ids_.emplace(ids.text(row, 0));
    if (erased_ids_.empty()) return {};
    std::erase_if(plan.rows, [&](std::uint32_t place) {
      const bool erased = erased_ids_.contains(batch.events[place]->id.hex());
      if (erased) plan.outcomes[place] = Outcome::duplicate;
      return erased;
    });
    return {};
  }

  pg::Outcome<void> copy_rows(const Batch& batch, BatchPlan& plan, bool to_stage, base::SteadyTime deadline) {
    if (auto begun = begin_copy(batch, plan, to_stage, deadline); !begun) return begun;
    encoder_.begin();
    for (const std::uint32_t place : plan.rows) {
      encoder_.add(batch.events[place], to_stage ? std::optional(place) : std::nullopt);
      if (encoder_.bytes().size() < kChunkBytes) continue;
      if (auto sent = connection_.put_copy(encoder_.bytes(), deadline); !sent) return sent;
      encoder_.take();
    }
    encoder_.end();
    if (auto sent = connection_.put_copy(encoder_.bytes(), deadline); !sent) return sent;
    encoder_.take();
    base::failpoint(base::Failpoint::warehouse_postgres_copying);
    auto copied = connection_.end_copy(deadline);
    if (!copied) return std::unexpected(std::move(copied.error()));
    return {};
  }

  pg::Outcome<void> write_through_stage(const Batch& batch, BatchPlan& plan, base::SteadyTime deadline) {
    if (!stage_made_) {
      auto made = connection_.run(create_copy_stage_sql(layout_.table, layout_.fit.columns), deadline);
      if (!made) return std::unexpected(std::move(made.error()));
      stage_made_ = true;
    }
    if (auto copied = copy_rows(batch, plan, true, deadline); !copied) return copied;
    auto inserted =
        connection_.run(insert_from_copy_stage_sql(layout_.table, layout_.fit.columns, is_unique()), deadline);
    if (!inserted) return std::unexpected(std::move(inserted.error()));
    base::failpoint(base::Failpoint::warehouse_postgres_staged);
    const pg::Result& rows = inserted->back();
    for (int row = 0; row < rows.rows(); ++row) {
      const auto place = static_cast<std::uint32_t>(rows.integer(row, 0));
      plan.outcomes.at(place) = Outcome::duplicate;
      plan.doubles.push_back(place);  // with those that never were in the stage
    }
    return {};
  }

  pg::Outcome<Written> finish(const Batch& batch, BatchPlan plan, base::SteadyTime deadline) {
    const MarkerOrigin origin{layout_.table.table, identity_.instance, batch.id, identity_.clock->now()};
    const std::string sql =
        duplicates_sql(batch, plan, origin) +
        insert_markers_sql(Dialect::postgres, layout_.table, origin, markers_of(batch, plan.outcomes)) + "; COMMIT";
    base::failpoint(base::Failpoint::warehouse_postgres_before_commit);
    auto committed = commit_step(connection_, sql, deadline);
    if (!committed) return std::unexpected(std::move(committed.error()));
    if (base::failpoint_fails(base::Failpoint::warehouse_postgres_after_commit)) return std::unexpected(lost_answer());
    return Written{std::move(plan.outcomes), encoder_.displaced(), removed_};
  }

  // Empty where the batch had no duplicate.
  [[nodiscard]] std::string duplicates_sql(const Batch& batch, const BatchPlan& plan,
                                           const MarkerOrigin& origin) const {
    if (!layout_.counts_duplicates) return {};
    std::string sql;
    std::vector<const event::Event*> events;
    for (const std::uint32_t place : plan.doubles) events.push_back(batch.events[place].get());
    if (!events.empty()) {
      sql = insert_duplicates_sql(layout_.table, origin, received_at_stored(layout_.fit.columns), events) + "; ";
    }
    if (erased_ids_.empty()) return sql;
    events.clear();
    for (const event::EventPtr& event : batch.events) {
      if (erased_ids_.contains(event->id.hex())) events.push_back(event.get());
    }
    return sql + insert_erased_duplicates_sql(layout_.table, origin, events) + "; ";
  }

  pg::Connection& connection_;
  const Layout& layout_;
  WriterIdentity identity_;
  CopyEncoder encoder_;
  bool stage_made_ = false;
  int stage_batches_ = 0;
  std::uint64_t removed_ = 0;                   // by the batch at hand
  bool erased_any_ = false;                     // something was erased from this table, ever
  std::unordered_set<std::string> erased_ids_;  // of the batch at hand
};

}  // namespace

std::unique_ptr<BatchWriter> make_postgres_writer(pg::Connection& connection, const Layout& layout,
                                                  WriterIdentity identity) {
  return std::make_unique<PostgresWriter>(connection, layout, std::move(identity));
}

}  // namespace twinshift::warehouse
