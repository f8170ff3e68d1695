#include "warehouse/drivers/postgres/postgres_warehouse.hpp"

#include <optional>
#include <utility>

#include "base/assert.hpp"
#include "pg/sqlstate.hpp"
#include "warehouse/drivers/postgres/address.hpp"
#include "warehouse/drivers/postgres/batch_writer.hpp"
#include "warehouse/drivers/postgres/pg_access.hpp"
#include "warehouse/drivers/postgres/read_query.hpp"
#include "warehouse/drivers/postgres/session.hpp"
#include "warehouse/option_name.hpp"
#include "warehouse/schema/layout_notes.hpp"
#include "warehouse/schema/table_reader.hpp"
#include "warehouse/schema/table_setup.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;

// A connection and all that was made for it; gone as a whole.
struct Ready {
  explicit Ready(pg::Connection connection_in) : connection(std::move(connection_in)) {}
  pg::Connection connection;
  Layout layout;
  std::unique_ptr<BatchWriter> writer;
  bool unique = true;          // false: ready to mend alone
  base::SteadyTime read_at{};  // when the layout was read
};

// Redshift: how long a table's shape is believed, and how long in the face of a refusal.
constexpr std::chrono::seconds kLayoutAgeMax{60};
constexpr std::chrono::seconds kLayoutAgeOfRefusalMax{2};

class PostgresWarehouse final : public Warehouse {
 public:
  PostgresWarehouse(PostgresWarehouseOptions options, Address address)
      : options_(std::move(options)),
        parameters_(std::move(address.parameters)),
        table_(std::move(address.table)),
        dialect_(address.dialect) {}

  base::Status prepare() override { return open(true); }
  base::Status prepare_to_mend() override;
  base::Result<WriteReport> write(const Batch& batch) override;
  base::Result<std::optional<Marker>> find_marker(std::string_view batch_id) override;
  base::Result<Table> query(const std::string& sql, std::size_t rows_max) override;
  base::Status ping() override;
  base::Result<std::uint64_t> prune(base::WallTime before) override;
  base::Status publish(std::span<const OwedRow> rows) override;
  base::Result<std::uint64_t> erase(std::span<const EventPlace> places) override;
  base::Result<std::uint64_t> mark_rebuilt(std::span<const RebuiltHour> hours) override;
  [[nodiscard]] TableName event_table() const override;
  [[nodiscard]] bool counts_duplicates() const override { return !ready_ || ready_->layout.counts_duplicates; }
  [[nodiscard]] std::string product() const override { return std::string(product_of(dialect_)); }

 private:
  [[nodiscard]] base::SteadyTime deadline() const { return deadline_after(options_.attempt_timeout); }
  base::Status open(bool unique);
  base::Status connect(bool unique);
  [[nodiscard]] bool only_mends() const { return ready_ && !ready_->unique; }
  base::Status look_again(std::chrono::milliseconds age_max);
  base::Error failed(pg::Failure failure);

  PostgresWarehouseOptions options_;
  pg::Parameters parameters_;
  TableName table_;
  Dialect dialect_;
  std::unique_ptr<Ready> ready_;
  ReadingSession reading_;
  LayoutNotes notes_{options_.target};
};

base::Status PostgresWarehouse::prepare_to_mend() {
  auto whole = prepare();
  if (whole || whole.error().kind != ErrorKind::conflict || dialect_ != Dialect::postgres) return whole;
  return open(false);
}

base::Status PostgresWarehouse::open(bool unique) {
  if (ready_ && ready_->unique == unique) return {};
  ready_.reset();
  base::Status made = connect(unique);
  // No batch was too large for that.
  if (!made && made.error().kind == ErrorKind::timed_out) made.error().kind = ErrorKind::unavailable;
  return made;
}

base::Status PostgresWarehouse::connect(bool unique) {
  auto connection = open_session(parameters_, limits_of(options_), options_.login);
  if (!connection) return base::fail(failed(std::move(connection.error())));
  auto made = std::make_unique<Ready>(std::move(*connection));
  const SetupOptions setup{dialect_, options_.schema_apply, options_.target, {}, unique};
  PgAccess access(made->connection);
  auto layout = read_layout(access, table_, setup, deadline());
  if (!layout) return base::fail(failed(pg_failure(std::move(layout.error()))));
  made->layout = std::move(*layout);
  made->unique = unique;
  WriterIdentity identity{options_.instance, options_.clock};
  made->writer = dialect_ == Dialect::postgres
                     ? make_postgres_writer(made->connection, made->layout, std::move(identity))
                     : make_redshift_writer(made->connection, made->layout, std::move(identity));
  notes_.tell(made->layout);
  made->read_at = std::chrono::steady_clock::now();
  ready_ = std::move(made);
  return {};
}

// Redshift tells nobody of a changed table, so it is read again now and then, and before a refusal is believed.
base::Status PostgresWarehouse::look_again(std::chrono::milliseconds age_max) {
  if (dialect_ != Dialect::redshift || !ready_) return {};
  if (std::chrono::steady_clock::now() - ready_->read_at < age_max) return {};
  PgAccess access(ready_->connection);
  auto real = read_table(access, dialect_, ready_->layout.table, deadline());
  if (!real) return base::fail(failed(pg_failure(std::move(real.error()))));
  ready_->read_at = std::chrono::steady_clock::now();
  if (real->columns == ready_->layout.real.columns && real->is_table == ready_->layout.real.is_table) return {};
  return base::fail(failed(changed_table(ready_->layout.table)));
}

// Ends the transaction; keeps the connection only after errors that say nothing about it or the table.
base::Error PostgresWarehouse::failed(pg::Failure failure) {
  const ErrorKind kind = failure.error.kind;
  const bool sound = !failure.lost && (kind == ErrorKind::rejected || kind == ErrorKind::conflict ||
                                       failure.sqlstate == pg::kLockNotAvailable);
  if (ready_ && !(sound && ready_->connection.run("ROLLBACK", deadline()))) ready_.reset();
  failure.error.where = options_.target + ", " + failure.error.where;
  // Whose limit it was only we know.
  if (failure.sqlstate == pg::kQueryCanceled) {
    failure.error.hint = "The statement took longer than " +
                         option_name(options_.target, "REDSHIFT_STATEMENT_TIMEOUT") +
                         " allows: raise it where the server is slow";
  }
  return std::move(failure.error);
}

base::Result<WriteReport> PostgresWarehouse::write(const Batch& batch) {
  if (auto ready = open(!(only_mends() && is_mending(batch.id))); !ready) return base::fail(std::move(ready.error()));
  if (auto same = look_again(kLayoutAgeMax); !same) return base::fail(std::move(same.error()));
  auto written = ready_->writer->write(batch, deadline());
  if (!written) {
    base::Error error = failed(std::move(written.error()));
    if (error.kind != ErrorKind::rejected) return base::fail(std::move(error));
    if (auto same = look_again(kLayoutAgeOfRefusalMax); !same) return base::fail(std::move(same.error()));
    return base::fail(std::move(error));
  }
  WriteReport report;
  report.statement_id = batch.id;
  report.outcomes = std::move(written->outcomes);
  report.displaced = written->displaced;
  report.removed = written->removed;
  report.reasons.resize(batch.events.size());
  return report;
}

base::Result<std::optional<Marker>> PostgresWarehouse::find_marker(std::string_view batch_id) {
  if (batch_id.find('\0') != std::string_view::npos) return std::nullopt;
  if (auto ready = open(!only_mends()); !ready) return base::fail(std::move(ready.error()));
  auto found = ready_->writer->find_marker(batch_id, deadline());
  if (!found) return base::fail(failed(std::move(found.error())));
  return *found;
}

base::Result<Table> PostgresWarehouse::query(const std::string& sql, std::size_t rows_max) {
  return reading_.query(parameters_, limits_of(options_), options_.login, sql, rows_max);
}

base::Result<std::uint64_t> PostgresWarehouse::prune(base::WallTime before) {
  if (auto ready = prepare(); !ready) return base::fail(std::move(ready.error()));
  auto pruned = ready_->writer->prune(before, deadline());
  if (!pruned) return base::fail(failed(std::move(pruned.error())));
  return *pruned;
}

base::Status PostgresWarehouse::publish(std::span<const OwedRow> rows) {
  if (auto ready = prepare(); !ready) return ready;
  if (!ready_->layout.takes_books) return no_right_to_publish(options_.target, ready_->layout);
  auto published = ready_->writer->publish(rows, deadline());
  if (!published) return base::fail(failed(std::move(published.error())));
  return {};
}

base::Result<std::uint64_t> PostgresWarehouse::erase(std::span<const EventPlace> places) {
  TWINSHIFT_ASSERT(places.size() <= kRemovedMax);
  if (places.empty()) return std::uint64_t{0};
  if (auto ready = open(!only_mends()); !ready) return base::fail(std::move(ready.error()));
  if (!ready_->layout.takes_erasures) return base::fail(no_right_to_erase(options_.target, ready_->layout));
  auto erased = ready_->writer->erase(places, deadline());
  if (!erased) return base::fail(failed(std::move(erased.error())));
  return *erased;
}

base::Result<std::uint64_t> PostgresWarehouse::mark_rebuilt(std::span<const RebuiltHour> hours) {
  TWINSHIFT_ASSERT(hours.size() <= kRebuiltHoursMax);
  if (hours.empty()) return std::uint64_t{0};
  if (auto ready = prepare(); !ready) return base::fail(std::move(ready.error()));
  auto added = ready_->writer->mark_rebuilt(hours, deadline());
  if (!added) return base::fail(failed(std::move(added.error())));
  return *added;
}

TableName PostgresWarehouse::event_table() const {
  return ready_ ? ready_->layout.table : name_for(dialect_, table_);
}

base::Status PostgresWarehouse::ping() {
  if (auto ready = prepare(); !ready) return ready;
  auto answer = ready_->connection.run("SELECT 1", deadline());
  if (!answer) return base::fail(failed(std::move(answer.error())));
  return {};
}

}  // namespace

base::Result<std::unique_ptr<Warehouse>> open_postgres_warehouse(PostgresWarehouseOptions options) {
  auto address = read_address(options);
  if (!address) return base::fail(std::move(address.error()));
  return std::make_unique<PostgresWarehouse>(std::move(options), std::move(*address));
}

}  // namespace twinshift::warehouse
