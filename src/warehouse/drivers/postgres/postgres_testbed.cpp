// A database of its own on the servers that tests/standin/with_servers.py has started, for the conformance suite.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

#include "tests/conformance/warehouse_testbed.hpp"
#include "warehouse/drivers/postgres/postgres_warehouse.hpp"
#include "warehouse/drivers/postgres/session.hpp"

namespace twinshift::warehouse {
namespace {

constexpr std::chrono::seconds kPatience{60};

std::string server_url(const char* variable) {
  const char* url = std::getenv(variable);
  if (url != nullptr) return url;
  std::fprintf(stderr, "%s is not set: run this through tests/standin/with_servers.py\n", variable);
  std::abort();
}

// The same server, another database: what stands between the last '/' and '?'.
std::string with_database(const std::string& url, const std::string& name) {
  const std::size_t end = std::min(url.find('?'), url.size());
  const std::size_t begin = url.rfind('/', end) + 1;
  return url.substr(0, begin) + name + url.substr(end);
}

base::Status run(const std::string& url, const std::string& sql) {
  auto parameters = pg::parse_url(url);
  if (!parameters) return base::fail(std::move(parameters.error()));
  auto connection = pg::Connection::connect(*parameters, deadline_after(kPatience));
  if (!connection) return base::fail(std::move(connection.error().error));
  auto done = connection->run(sql, deadline_after(kPatience));
  if (!done) return base::fail(std::move(done.error().error));
  return {};
}

class PostgresTestbed final : public WarehouseTestbed {
 public:
  PostgresTestbed(std::string url, std::vector<std::string> types)
      : admin_(server_url("TWINSHIFT_TEST_POSTGRES_URL")), types_(std::move(types)) {
    static std::atomic<int> number = 0;
    name_ = "suite_" + std::to_string(::getpid()) + "_" + std::to_string(++number);
    url_ = with_database(url, name_);
    must(run(admin_, "CREATE DATABASE " + name_));
  }
  ~PostgresTestbed() override { must(run(admin_, "DROP DATABASE " + name_ + " WITH (FORCE)")); }
  PostgresTestbed(const PostgresTestbed&) = delete;
  PostgresTestbed& operator=(const PostgresTestbed&) = delete;

  std::unique_ptr<Warehouse> open() override {
    PostgresWarehouseOptions options;
    options.url = url_;
    options.table = "events_here";
    options.schema_apply = true;
    auto opened = open_postgres_warehouse(std::move(options));
    if (!opened) std::abort();
    return std::move(*opened);
  }
  [[nodiscard]] std::string table() const override { return "\"events_here\""; }
  [[nodiscard]] std::string database() const override { return name_; }
  base::Status execute(const std::string& sql) override { return run(url_, sql); }
  [[nodiscard]] std::vector<std::string> types() const override { return types_; }

  void take_away() override {
    must(run(admin_, "ALTER DATABASE " + name_ + " ALLOW_CONNECTIONS false"));
    must(run(admin_, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '" + name_ + "'"));
  }
  void bring_back() override { must(run(admin_, "ALTER DATABASE " + name_ + " ALLOW_CONNECTIONS true")); }

 private:
  static void must(const base::Status& status) {
    if (status) return;
    std::fprintf(stderr, "the test's own database: %s\n", status.error().text().c_str());
    std::abort();
  }

  std::string admin_;
  std::vector<std::string> types_;
  std::string name_;
  std::string url_;
};

std::vector<std::string> postgres_types() {
  return {"TEXT",      "INTEGER",      "BIGINT",           "REAL",     "NUMERIC",
          "BYTEA",     "VARCHAR(20)",  "BOOLEAN",          "JSON",     "JSONB",
          "TIMESTAMP", "TIMESTAMP(0)", "TIMESTAMPTZ",      "DATE",     "NUMERIC(10,2)",
          "CHAR(5)",   "SMALLINT",     "DOUBLE PRECISION", "INTEGER[]"};
}

}  // namespace

std::unique_ptr<WarehouseTestbed> make_postgres_warehouse_testbed() {
  return std::make_unique<PostgresTestbed>(server_url("TWINSHIFT_TEST_POSTGRES_URL"), postgres_types());
}

std::unique_ptr<WarehouseTestbed> make_proxied_postgres_warehouse_testbed() {
  return std::make_unique<PostgresTestbed>(server_url("TWINSHIFT_TEST_PROXY_URL"), postgres_types());
}

std::unique_ptr<WarehouseTestbed> make_redshift_warehouse_testbed() {
  return std::make_unique<PostgresTestbed>(
      server_url("TWINSHIFT_TEST_REDSHIFT_URL"),
      std::vector<std::string>{"TEXT", "INTEGER", "BIGINT", "REAL", "NUMERIC(18,6)", "VARCHAR(20)", "VARCHAR(MAX)",
                               "BOOLEAN", "SUPER", "TIMESTAMP", "TIMESTAMPTZ", "DATE", "CHAR(5)", "SMALLINT",
                               "DOUBLE PRECISION"});
}

}  // namespace twinshift::warehouse
