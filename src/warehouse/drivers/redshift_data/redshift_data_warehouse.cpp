#include "warehouse/drivers/redshift_data/redshift_data_warehouse.hpp"

#include <optional>
#include <utility>

#include "base/assert.hpp"
#include "warehouse/drivers/redshift_data/data_writer.hpp"
#include "warehouse/drivers/redshift_data/open_session.hpp"
#include "warehouse/drivers/redshift_data/read_query.hpp"
#include "warehouse/owed.hpp"
#include "warehouse/schema/layout_notes.hpp"
#include "warehouse/schema/table_reader.hpp"
#include "warehouse/schema/table_setup.hpp"

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;

// How long a table's shape is believed, and how long in the face of a refusal.
constexpr std::chrono::seconds kLayoutAgeMax{60};
constexpr std::chrono::seconds kLayoutAgeOfRefusalMax{2};

class RedshiftDataWarehouse final : public Warehouse {
 public:
  RedshiftDataWarehouse(RedshiftDataOptions options, TableName table)
      : options_(std::move(options)),
        table_(std::move(table)),
        session_(open_data_session(options_)),
        writer_(*session_),
        notes_(options_.target) {}

  base::Status prepare() override;
  base::Result<WriteReport> write(const Batch& batch) override;
  base::Result<std::optional<Marker>> find_marker(std::string_view batch_id) override;
  [[nodiscard]] std::string statement_of(std::string_view batch_id) const override {
    return writer_.statement_of(batch_id);
  }
  base::Result<Table> query(const std::string& sql, std::size_t rows_max) override {
    return read_query(*session_, sql, rows_max);
  }
  base::Status ping() override;
  base::Result<std::uint64_t> prune(base::WallTime before) override;
  base::Status publish(std::span<const OwedRow> rows) override;
  base::Result<std::uint64_t> erase(std::span<const EventPlace> places) override;
  base::Result<std::uint64_t> mark_rebuilt(std::span<const RebuiltHour> hours) override;
  [[nodiscard]] std::chrono::seconds publish_interval() const override { return kPublishIntervalOfDataApi; }
  [[nodiscard]] TableName event_table() const override {
    return layout_ ? layout_->table : name_for(Dialect::redshift, table_);
  }
  [[nodiscard]] bool counts_duplicates() const override { return !layout_ || layout_->counts_duplicates; }
  [[nodiscard]] std::string product() const override { return std::string(product_of(Dialect::redshift)); }

 private:
  [[nodiscard]] base::SteadyTime now() const { return options_.clock->steady(); }
  [[nodiscard]] base::SteadyTime deadline() const { return now() + options_.attempt_timeout; }
  base::Status look_again(std::chrono::milliseconds age_max);

  const RedshiftDataOptions options_;
  const TableName table_;
  std::unique_ptr<DataSession> session_;
  DataWriter writer_;
  LayoutNotes notes_;
  std::optional<Layout> layout_;
  base::SteadyTime read_at_{};  // when the layout was read
};

base::Error told(const RedshiftDataOptions& options, SqlFailure failure) {
  return at_target(std::move(failure.error), options.target);
}

base::Status RedshiftDataWarehouse::prepare() {
  if (layout_) return {};
  const SetupOptions setup{Dialect::redshift, options_.schema_apply, options_.target, {}};
  auto layout = read_layout(*session_, table_, setup, deadline());
  if (!layout) return base::fail(told(options_, std::move(layout.error())));
  layout_ = std::move(*layout);
  read_at_ = now();
  notes_.tell(*layout_);
  return {};
}

// Redshift tells nobody of a changed table, so it is read again now and then, and before a refusal is believed.
base::Status RedshiftDataWarehouse::look_again(std::chrono::milliseconds age_max) {
  if (!layout_ || now() - read_at_ < age_max) return {};
  auto real = read_table(*session_, Dialect::redshift, layout_->table, deadline());
  if (!real) return base::fail(told(options_, std::move(real.error())));
  read_at_ = now();
  if (real->columns == layout_->real.columns && real->is_table == layout_->real.is_table) return {};
  const std::string where = options_.target + ", table " + layout_->table.quoted();
  layout_.reset();
  return base::fail(ErrorKind::conflict, "the table was changed while we wrote to it", where,
                    "It is read anew and the batch comes again; `twinshift schema --diff` shows what differs");
}

base::Result<WriteReport> RedshiftDataWarehouse::write(const Batch& batch) {
  if (auto ready = prepare(); !ready) return base::fail(std::move(ready.error()));
  if (auto same = look_again(kLayoutAgeMax); !same) return base::fail(std::move(same.error()));
  auto written = writer_.write(batch, *layout_);
  if (written) return std::move(*written);
  if (written.error().table_changed) layout_.reset();
  base::Error error = std::move(written.error().error);
  if (error.kind != ErrorKind::rejected) return base::fail(std::move(error));
  if (auto same = look_again(kLayoutAgeOfRefusalMax); !same) return base::fail(std::move(same.error()));
  return base::fail(std::move(error));
}

base::Result<std::optional<Marker>> RedshiftDataWarehouse::find_marker(std::string_view batch_id) {
  if (batch_id.find('\0') != std::string_view::npos) return std::nullopt;
  if (auto ready = prepare(); !ready) return base::fail(std::move(ready.error()));
  return writer_.find_marker(batch_id, layout_->table);
}

base::Result<std::uint64_t> RedshiftDataWarehouse::prune(base::WallTime before) {
  if (auto ready = prepare(); !ready) return base::fail(std::move(ready.error()));
  return writer_.prune(before, *layout_);
}

base::Status RedshiftDataWarehouse::publish(std::span<const OwedRow> rows) {
  if (auto ready = prepare(); !ready) return ready;
  if (!layout_->takes_books) return no_right_to_publish(options_.target, *layout_);
  return writer_.publish(rows, *layout_);
}

base::Result<std::uint64_t> RedshiftDataWarehouse::erase(std::span<const EventPlace> places) {
  TWINSHIFT_ASSERT(places.size() <= kRemovedMax);
  if (places.empty()) return std::uint64_t{0};
  if (auto ready = prepare(); !ready) return base::fail(std::move(ready.error()));
  if (!layout_->takes_erasures) return base::fail(no_right_to_erase(options_.target, *layout_));
  return writer_.erase(places, *layout_);
}

base::Result<std::uint64_t> RedshiftDataWarehouse::mark_rebuilt(std::span<const RebuiltHour> hours) {
  TWINSHIFT_ASSERT(hours.size() <= kRebuiltHoursMax);
  if (hours.empty()) return std::uint64_t{0};
  if (auto ready = prepare(); !ready) return base::fail(std::move(ready.error()));
  return writer_.mark_rebuilt(hours, *layout_);
}

base::Status RedshiftDataWarehouse::ping() {
  auto answer = session_->run_one("SELECT 1", deadline());
  if (!answer) return base::fail(told(options_, std::move(answer.error())));
  return {};
}

}  // namespace

base::Result<std::unique_ptr<Warehouse>> open_redshift_data_warehouse(RedshiftDataOptions options) {
  auto table = check_options(options);
  if (!table) return base::fail(std::move(table.error()));
  return std::make_unique<RedshiftDataWarehouse>(std::move(options), std::move(*table));
}

}  // namespace twinshift::warehouse
