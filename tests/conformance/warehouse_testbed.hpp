// What the warehouse suite needs from a driver: an empty database of its own, and a hand on it from outside. One thread
// at a time; warehouses that it opens may then be used by one thread each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

class WarehouseTestbed {
 public:
  virtual ~WarehouseTestbed() = default;

  // Another connection to the same database; prepare() is not called yet.
  virtual std::unique_ptr<Warehouse> open() = 0;
  // The table's quoted name, for statements.
  [[nodiscard]] virtual std::string table() const = 0;
  // The database's name, for another way to it; empty where it has none.
  [[nodiscard]] virtual std::string database() const { return {}; }
  // What the table's owner does behind our back. Takes several statements.
  virtual base::Status execute(const std::string& sql) = 0;
  // Names of column types that this database knows, good and bad ones for us.
  [[nodiscard]] virtual std::vector<std::string> types() const = 0;
  // The database can not be reached, then again as it was left.
  virtual void take_away() = 0;
  virtual void bring_back() = 0;
};

// One function a driver, in src/warehouse/drivers/<name>/<name>_testbed.cpp.
#define WAREHOUSE_DRIVER(name) std::unique_ptr<WarehouseTestbed> make_##name##_warehouse_testbed();
#include "app/drivers.def"
// The driver `postgres` in its other dialect.
std::unique_ptr<WarehouseTestbed> make_redshift_warehouse_testbed();
// PostgreSQL behind the proxy that cuts connections on command.
std::unique_ptr<WarehouseTestbed> make_proxied_postgres_warehouse_testbed();

}  // namespace twinshift::warehouse
