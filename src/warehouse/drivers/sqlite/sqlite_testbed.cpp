// An empty warehouse in a folder of its own, for the conformance suite.
#include <cstdlib>
#include <filesystem>

#include "sqlite/database.hpp"
#include "tests/conformance/warehouse_testbed.hpp"
#include "tests/support/temporary_folder.hpp"
#include "warehouse/drivers/sqlite/sqlite_warehouse.hpp"

namespace twinshift::warehouse {
namespace {

namespace fs = std::filesystem;

class SqliteTestbed final : public WarehouseTestbed {
 public:
  std::unique_ptr<Warehouse> open() override {
    auto opened = open_sqlite_warehouse({.path = path().string(), .table = "landing.events_here"});
    if (!opened) std::abort();
    return std::move(*opened);
  }
  [[nodiscard]] std::string table() const override { return "\"events_here\""; }

  base::Status execute(const std::string& sql) override {
    auto database = sqlite::Database::open(path().string(), sqlite::OpenMode::create);
    if (!database) return base::fail(std::move(database.error()));
    database->set_busy_timeout(std::chrono::seconds(10));
    return database->execute(sql);
  }

  [[nodiscard]] std::vector<std::string> types() const override {
    return {"TEXT",          "INTEGER", "REAL",      "NUMERIC",         "BLOB", "VARCHAR(20)", "BOOLEAN",
            "DECIMAL(10,2)", "JSON",    "TIMESTAMP", "DOUBLE PRECISION"};
  }

  void take_away() override { move(folder_ / "", folder_ / "away"); }
  void bring_back() override { move(folder_ / "away", folder_ / ""); }

 private:
  [[nodiscard]] fs::path path() const { return folder_ / "warehouse.db"; }

  void move(const fs::path& from, const fs::path& to) const {
    fs::create_directories(folder_ / "away");
    for (const char* ending : {"", "-wal", "-shm"}) {
      const std::string name = std::string("warehouse.db") + ending;
      if (fs::exists(from / name)) fs::rename(from / name, to / name);
    }
  }

  tests::TemporaryFolder folder_;
};

}  // namespace

std::unique_ptr<WarehouseTestbed> make_sqlite_warehouse_testbed() {
  return std::make_unique<SqliteTestbed>();
}

}  // namespace twinshift::warehouse
