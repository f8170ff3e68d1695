// `twinshift schema` through the Data API.
#include <utility>

#include "warehouse/drivers/redshift_data/open_session.hpp"
#include "warehouse/drivers/redshift_data/redshift_data_warehouse.hpp"
#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/schema_reader.hpp"
#include "warehouse/schema/table_setup.hpp"

namespace twinshift::warehouse {
namespace {

class RedshiftDataSchema final : public SchemaAccess {
 public:
  RedshiftDataSchema(RedshiftDataOptions options, TableName table)
      : options_(std::move(options)), table_(std::move(table)), session_(open_data_session(options_)) {}

  [[nodiscard]] std::string ddl() const override { return schema_text(Dialect::redshift, table_); }

  base::Result<SchemaDescription> describe() override {
    auto description =
        read_description(*session_, Dialect::redshift, table_, options_.target, options_.attempt_timeout);
    if (!description) return base::fail(told(std::move(description.error().error)));
    return std::move(*description);
  }

  base::Status apply(const StatementHeard& heard) override {
    const SetupOptions setup{Dialect::redshift, true, options_.target, heard};
    auto layout = set_up_table(*session_, table_, setup, options_.clock->steady() + options_.attempt_timeout);
    if (!layout) return base::fail(told(std::move(layout.error().error)));
    return {};
  }

 private:
  [[nodiscard]] base::Error told(base::Error error) const {
    if (!error.where.starts_with(options_.target)) error.where = options_.target + ", " + error.where;
    return error;
  }

  const RedshiftDataOptions options_;
  const TableName table_;
  std::unique_ptr<DataSession> session_;
};

}  // namespace

base::Result<std::unique_ptr<SchemaAccess>> open_redshift_data_schema(RedshiftDataOptions options) {
  auto table = check_options(options);
  if (!table) return base::fail(std::move(table.error()));
  return std::make_unique<RedshiftDataSchema>(std::move(options), std::move(*table));
}

}  // namespace twinshift::warehouse
