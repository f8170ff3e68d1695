#include "warehouse/drivers/redshift_data/data_writer.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "base/assert.hpp"
#include "base/failpoint.hpp"
#include "warehouse/drivers/redshift_data/statement_packer.hpp"
#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/duplicate_text.hpp"
#include "warehouse/schema/erased_text.hpp"
#include "warehouse/schema/owed_text.hpp"
#include "warehouse/schema/redshift_errors.hpp"

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;
using End = StatementRun::End;

// A token is honoured for 8 hours (management guide, "Idempotency"); then the same statements would run anew.
constexpr std::chrono::hours kTokenLife{7};

std::vector<std::uint32_t> all_staged(const BatchStatements& made) {
  std::vector<std::uint32_t> positions;
  for (std::uint32_t i = 0; i < made.outcomes.size(); ++i) {
    if (made.outcomes[i] == Outcome::written) positions.push_back(i);
  }
  return positions;
}

std::vector<std::uint32_t> positions_in(const std::vector<ResultPage::Row>& rows) {
  std::vector<std::uint32_t> positions;
  for (const ResultPage::Row& row : rows) {
    std::uint32_t position = 0;
    if (row.empty() || !row[0]) continue;
    const auto [end, fault] = std::from_chars(row[0]->data(), row[0]->data() + row[0]->size(), position);
    if (fault == std::errc()) positions.push_back(position);
  }
  return positions;
}

bool has_no_right(const RunReport& report) {
  return read_redshift_error(server_text(report.description)).sqlstate == kNoRight;
}

std::uint64_t rows_of(const RunReport& report, std::size_t statement) {
  const auto& statements = report.description.statements;
  // One without rows has none, which the service says by -1.
  if (statement >= statements.size() || statements[statement].result_rows < 0) return 0;
  return static_cast<std::uint64_t>(statements[statement].result_rows);
}

}  // namespace

std::expected<WriteReport, DataWriter::Failure> DataWriter::write(const Batch& batch, const Layout& layout) {
  TWINSHIFT_ASSERT(batch.remove.size() <= kRemovedMax);
  if (batch.events.empty() && batch.remove.empty()) return WriteReport{};
  const RedshiftDataOptions& options = session_.options();
  const MarkerOrigin origin{layout.table.table, options.instance, batch.id, options.clock->now()};
  BatchStatements made = batch.events.empty() ? make_removal_statements(batch, layout.table)
                                              : make_batch_statements(batch, layout, origin);
  DataRequest request = session_.request(std::move(made.statements), batch.id);
  unknown_.reset();
  base::failpoint(base::Failpoint::warehouse_redshift_data_before_send);
  const RunReport report = session_.carry_out(request);
  last_ = {batch.id, report.id};
  if (report.end == End::finished) return finished(batch, made, report);
  return std::unexpected(failed(batch, made, std::move(request), report, layout.table));
}

// Which rows were inserted: all, as a rule; the server is asked only where it found duplicates.
DataOutcome<std::vector<std::uint32_t>> DataWriter::inserted(const BatchStatements& made, const RunReport& report) {
  const auto& statements = report.description.statements;
  if (statements.size() <= made.insert_begin) {
    return std::unexpected(DataFailure{
        .error = {ErrorKind::unavailable, "The description of the statement does not tell of its parts", "", ""}});
  }
  const bool none_deleted = statements[made.delete_at].result_rows == 0;
  if (none_deleted || made.staged == 0) return all_staged(made);
  if (statements[made.select_at].result_rows == 0) return positions_in({});
  auto rows = session_.rows(statements[made.select_at].id, made.staged);
  if (!rows) return std::unexpected(std::move(rows.error()));
  return positions_in(rows->page.rows);
}

std::expected<WriteReport, DataWriter::Failure> DataWriter::finished(const Batch& batch, const BatchStatements& made,
                                                                     const RunReport& report) {
  auto positions = made.outcomes.empty() ? DataOutcome<std::vector<std::uint32_t>>() : inserted(made, report);
  if (!positions) {
    // It has committed; how many were duplicates the markers know.
    base::Error error = std::move(positions.error().error);
    error.kind = ErrorKind::unknown_outcome;
    error.where = session_.options().target + ", statement " + report.id + ", " + error.where;
    return std::unexpected(Failure{std::move(error), false});
  }
  if (base::failpoint_fails(base::Failpoint::warehouse_redshift_data_after_commit)) {
    return std::unexpected(Failure{{ErrorKind::unknown_outcome, "the commit's answer was lost",
                                    session_.options().target + ", statement " + report.id, ""},
                                   false});
  }
  WriteReport written;
  written.statement_id = report.id;
  written.outcomes = outcomes_of(made, *positions);
  written.reasons = made.reasons;
  written.reasons.resize(batch.events.size());
  written.displaced = made.displaced;
  if (made.remove_at > 0) written.removed = rows_of(report, made.remove_at);
  return written;
}

DataWriter::Failure DataWriter::failed(const Batch& batch, const BatchStatements& made, DataRequest request,
                                       const RunReport& report, const TableName& table) {
  Failure failure{error_of_end(report, session_.options().target), false};
  if (report.end == End::unknown) {
    unknown_ = Unknown{batch.id, std::move(request), report.id, session_.options().clock->steady()};
    return failure;
  }
  if (report.end != End::failed) return failure;
  const std::size_t statement = failed_statement(report.description);
  if (made.removes(statement) && has_no_right(report)) {
    failure.error.kind = ErrorKind::conflict;
    failure.error.hint = remove_grant(Dialect::redshift, table);
    return failure;
  }
  const bool about_rows = made.is_about_rows(statement);
  if (failure.error.kind == ErrorKind::rejected && !about_rows) failure.error.kind = ErrorKind::unavailable;
  failure.table_changed = failure.error.kind == ErrorKind::unavailable;
  return failure;
}

// Until it is known how it ended; then there is nothing unknown any more.
base::Status DataWriter::follow_unknown() {
  const base::SteadyTime now = session_.options().clock->steady();
  if (unknown_->id.empty() && now - unknown_->since > kTokenLife) {
    unknown_.reset();  // whatever it was, it is over: a statement's own limits are minutes
    return {};
  }
  RunReport report = session_.resume(unknown_->request, unknown_->id);
  if (!report.id.empty()) last_ = {unknown_->batch_id, report.id};
  if (report.end == End::unknown || report.end == End::not_sent) {
    if (!report.id.empty()) unknown_->id = report.id;
    report.end = End::unknown;
    base::Error error = error_of_end(report, session_.options().target);
    error.kind = ErrorKind::unavailable;
    return base::fail(std::move(error));
  }
  unknown_.reset();
  return {};
}

base::Result<std::optional<Marker>> DataWriter::find_marker(std::string_view batch_id, const TableName& table) {
  base::failpoint(base::Failpoint::warehouse_redshift_data_find_marker);
  if (unknown_ && unknown_->batch_id == batch_id) {
    if (auto known = follow_unknown(); !known) return base::fail(std::move(known.error()));
  }
  const std::vector<std::string> statements{lock_writer_sql(table),
                                            find_marker_sql(Dialect::redshift, table, batch_id)};
  auto results = session_.run(statements, session_.options().clock->steady());
  if (!results) return base::fail(std::move(results.error().error));
  const SqlResult& row = results->back();
  if (row.rows() != 1 || row.integer(0, 0) == 0) return std::nullopt;
  return Marker{.batch_id = std::string(batch_id),
                .sent = static_cast<std::uint64_t>(row.integer(0, 1)),
                .inserted = static_cast<std::uint64_t>(row.integer(0, 2)),
                .duplicate = static_cast<std::uint64_t>(row.integer(0, 3))};
}

// Under the lock that every writer of these tables takes, as by wire.
base::Result<std::uint64_t> DataWriter::prune(base::WallTime before, const Layout& layout) {
  const PruneScope scope{session_.options().instance, before};
  std::vector<std::string> statements{lock_writer_sql(layout.table),
                                      prune_loads_sql(Dialect::redshift, layout.table, scope)};
  if (layout.counts_duplicates) {
    statements.push_back(prune_duplicates_sql(Dialect::redshift, layout.table, scope));
  }
  if (layout.takes_books) statements.push_back(prune_owed_sql(Dialect::redshift, layout.table, before));
  const RunReport report = session_.carry_out(session_.request(std::move(statements), "prune"));
  if (report.end != End::finished) {
    base::Error error = error_of_end(report, session_.options().target);
    if (report.end == End::failed && has_no_right(report)) error.hint = prune_grant(layout.table);
    // It may be done twice.
    error.kind = error.kind == ErrorKind::throttled ? ErrorKind::throttled : ErrorKind::unavailable;
    return base::fail(std::move(error));
  }
  base::failpoint(base::Failpoint::warehouse_redshift_data_prune_after_commit);
  std::uint64_t removed = 0;
  for (const SubStatement& statement : report.description.statements) {
    // A LOCK has none, which the service says by -1.
    if (statement.result_rows > 0) removed += static_cast<std::uint64_t>(statement.result_rows);
  }
  return removed;
}

base::Status DataWriter::publish(std::span<const OwedRow> rows, const Layout& layout) {
  std::vector<std::string> statements{lock_writer_sql(layout.table),
                                      insert_owed_sql(Dialect::redshift, layout.table, rows)};
  const RunReport report = session_.carry_out(session_.request(std::move(statements), "books"));
  if (report.end == End::finished) {
    base::failpoint(base::Failpoint::warehouse_redshift_data_publish_after_commit);
    return {};
  }
  base::Error error = error_of_end(report, session_.options().target);
  // It may be done twice.
  error.kind = error.kind == ErrorKind::throttled ? ErrorKind::throttled : ErrorKind::unavailable;
  return base::fail(std::move(error));
}

base::Result<std::uint64_t> DataWriter::mark_rebuilt(std::span<const RebuiltHour> hours, const Layout& layout) {
  const RedshiftDataOptions& options = session_.options();
  const MarkerOrigin origin{layout.table.table, options.instance, {}, options.clock->now()};
  std::vector<std::string> statements{lock_writer_sql(layout.table),
                                      insert_rebuilt_sql(Dialect::redshift, layout.table, origin, hours)};
  const RunReport report = session_.carry_out(session_.request(std::move(statements), "rebuilt"));
  if (report.end == End::finished) return rows_of(report, 1);
  base::Error error = error_of_end(report, options.target);
  // It may be done twice.
  error.kind = error.kind == ErrorKind::throttled ? ErrorKind::throttled : ErrorKind::unavailable;
  return base::fail(std::move(error));
}

base::Result<std::uint64_t> DataWriter::erase(std::span<const EventPlace> places, const Layout& layout) {
  std::vector<std::string> statements{lock_writer_sql(layout.table)};
  std::ranges::move(
      erase_sql(Dialect::redshift, layout.table, layout.fit.columns, places, session_.options().clock->now()),
      std::back_inserter(statements));
  const std::size_t remove_at = statements.size() - 2;  // behind it, their parts
  const RunReport report = session_.carry_out(session_.request(std::move(statements), "erase"));
  if (report.end == End::finished) {
    base::failpoint(base::Failpoint::warehouse_redshift_data_erase_after_commit);
    return rows_of(report, remove_at);
  }
  base::Error error = error_of_end(report, session_.options().target);
  // It may be done twice.
  error.kind = error.kind == ErrorKind::throttled ? ErrorKind::throttled : ErrorKind::unavailable;
  if (report.end == End::failed && has_no_right(report)) {
    error.kind = ErrorKind::conflict;
    error.hint = erase_grant(Dialect::redshift, layout.table);
  }
  return base::fail(std::move(error));
}

}  // namespace twinshift::warehouse
