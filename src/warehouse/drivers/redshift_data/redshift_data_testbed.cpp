// A database of its own behind the stand-in for the Data API, for the conformance suite.
#include "warehouse/drivers/redshift_data/redshift_data_testbed.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "aws/services.hpp"
#include "tests/conformance/warehouse_testbed.hpp"

namespace twinshift::warehouse {
namespace {

std::string from_environment(const char* variable) {
  const char* value = std::getenv(variable);
  if (value != nullptr) return value;
  std::fprintf(stderr, "%s is not set: run this through tests/standin/with_servers.py --data-api\n", variable);
  std::abort();
}

class FixedCredentials final : public aws::CredentialSource {
 public:
  base::Result<aws::Credentials> get() override {
    return aws::Credentials{.access_key_id = from_environment("TWINSHIFT_TEST_AWS_ACCESS_KEY_ID"),
                            .secret_access_key = from_environment("TWINSHIFT_TEST_AWS_SECRET_ACCESS_KEY"),
                            .session_token = {},
                            .expires_at = std::nullopt,
                            .source = "test"};
  }
  void refuse(const aws::Credentials&) override {}
};

// The database itself is made, changed and taken away over the wire, as its owner would.
class RedshiftDataTestbed final : public WarehouseTestbed {
 public:
  RedshiftDataTestbed() : wire_(make_redshift_warehouse_testbed()) {}

  std::unique_ptr<Warehouse> open() override {
    auto opened = open_redshift_data_warehouse(stand_in_options(wire_->database()));
    if (!opened) std::abort();
    return std::move(*opened);
  }
  [[nodiscard]] std::string table() const override { return wire_->table(); }
  [[nodiscard]] std::string database() const override { return wire_->database(); }
  base::Status execute(const std::string& sql) override { return wire_->execute(sql); }
  [[nodiscard]] std::vector<std::string> types() const override { return wire_->types(); }
  void take_away() override { wire_->take_away(); }
  void bring_back() override { wire_->bring_back(); }

 private:
  std::unique_ptr<WarehouseTestbed> wire_;
};

}  // namespace

std::shared_ptr<aws::Client> stand_in_client() {
  aws::ClientOptions options;
  options.service = aws::kRedshiftData;
  options.region = from_environment("TWINSHIFT_TEST_DATA_API_REGION");
  options.endpoint = from_environment("TWINSHIFT_TEST_DATA_API_URL");
  options.subject = "primary Redshift";
  options.credentials = std::make_shared<FixedCredentials>();
  options.http = std::make_shared<curl::HttpClient>();
  return std::make_shared<aws::Client>(std::move(options));
}

RedshiftDataOptions stand_in_options(const std::string& database) {
  RedshiftDataOptions options;
  options.client = stand_in_client();
  options.cluster_identifier = from_environment("TWINSHIFT_TEST_DATA_API_CLUSTER");
  options.database = database;
  options.db_user = "postgres";
  options.table = "events_here";
  options.schema_apply = true;
  options.calls_per_second_max = 10'000;  // the stand-in has no account to share
  return options;
}

std::unique_ptr<WarehouseTestbed> make_redshift_data_warehouse_testbed() {
  return std::make_unique<RedshiftDataTestbed>();
}

}  // namespace twinshift::warehouse
