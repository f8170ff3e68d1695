#include "warehouse/schema/server_schema.hpp"

#include <utility>

#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/rights_trial.hpp"
#include "warehouse/schema/schema_reader.hpp"
#include "warehouse/schema/table_setup.hpp"

namespace twinshift::warehouse {
namespace {

class ServerSchema final : public SchemaAccess {
 public:
  ServerSchema(ServerTable at, Connect connect) : at_(std::move(at)), connect_(std::move(connect)) {}

  [[nodiscard]] std::string ddl() const override { return schema_text(at_.dialect, at_.table); }

  base::Result<Greeting> greet() override {
    auto access = connect_();
    if (!access) return base::fail(told(std::move(access.error())));
    auto greeting = (*access)->run_one("SELECT current_user, current_database(), version()", deadline());
    if (!greeting) return base::fail(told(std::move(greeting.error())));
    Greeting found{
        std::string(greeting->text(0, 0)), std::string(greeting->text(0, 1)), std::string(greeting->text(0, 2)), {}};
    if (at_.dialect == Dialect::redshift) found.isolation = isolation_of(**access);
    return found;
  }

  base::Result<RightsTrial> try_rights() override {
    auto access = connect_();
    if (!access) return base::fail(told(std::move(access.error())));
    auto trial = warehouse::try_rights(**access, at_.dialect, at_.table, at_.has_transactions, deadline());
    if (!trial) return base::fail(told(std::move(trial.error())));
    return std::move(*trial);
  }

  base::Result<SchemaDescription> describe() override {
    auto access = connect_();
    if (!access) return base::fail(told(std::move(access.error())));
    auto description = read_description(**access, at_.dialect, at_.table, at_.target, at_.attempt_timeout);
    if (!description) return base::fail(told(std::move(description.error())));
    return std::move(*description);
  }

  base::Status apply(const StatementHeard& heard) override {
    auto access = connect_();
    if (!access) return base::fail(told(std::move(access.error())));
    const SetupOptions setup{at_.dialect, true, at_.target, heard};
    auto layout = set_up_table(**access, at_.table, setup, deadline());
    if (!layout) return base::fail(told(std::move(layout.error())));
    return {};
  }

 private:
  [[nodiscard]] base::SteadyTime deadline() const { return at_.clock->steady() + at_.attempt_timeout; }
  // For people; who may not look loses nothing.
  std::string isolation_of(SqlAccess& access) const {
    auto level = access.run_one("SELECT isolation_level FROM stv_db_isolation_level WHERE db_name = current_database()",
                                deadline());
    return level ? std::string(level->text(0, 0)) : std::string();
  }
  [[nodiscard]] base::Error told(SqlFailure failure) const { return at_target(std::move(failure.error), at_.target); }

  const ServerTable at_;
  const Connect connect_;
};

}  // namespace

std::unique_ptr<SchemaAccess> make_server_schema(ServerTable table, Connect connect) {
  return std::make_unique<ServerSchema>(std::move(table), std::move(connect));
}

}  // namespace twinshift::warehouse
