#include "app/drivers_sqlite.hpp"

#include "app/driver_table.hpp"
#include "app/instance_name.hpp"
#include "quarantine/drivers/sqlite/sqlite_quarantine.hpp"
#include "queue/drivers/sqlite/sqlite_queue.hpp"
#include "queue/drivers/sqlite/sqlite_refused_store.hpp"
#include "warehouse/drivers/sqlite/sqlite_schema.hpp"
#include "warehouse/drivers/sqlite/sqlite_warehouse.hpp"

namespace twinshift::app {
namespace {

constexpr const char* kSpoolFile = "spool.db";
constexpr const char* kRefusedFile = "refused.db";
constexpr const char* kQuarantineFile = "quarantine.db";

queue::SqliteQueueOptions queue_options(const config::Settings& settings) {
  queue::SqliteQueueOptions options;
  options.lease_timeout = settings.queue_lease_timeout;
  options.wal_bytes_max = settings.queue_wal_bytes_max;
  options.inbox_messages_max = static_cast<std::size_t>(settings.queue_inbox_messages_max);
  options.inbox_bytes_max = static_cast<std::size_t>(settings.queue_inbox_bytes_max);
  options.disk_reserve_bytes = settings.disk_reserve;
  return options;
}

warehouse::SqliteWarehouseOptions warehouse_options(const config::TargetSettings& target) {
  warehouse::SqliteWarehouseOptions options;
  options.path = target.path.string();
  options.table = target.table;
  options.target = target.name;
  options.instance = instance_name();
  options.statement_timeout = target.statement_timeout;
  return options;
}

}  // namespace

base::Result<std::unique_ptr<queue::EventQueue>> open_sqlite_queue_driver(const config::Settings& settings,
                                                                          std::stop_token /*stop*/) {
  queue::SqliteQueueOptions options = queue_options(settings);
  options.path = settings.queue.path.string();
  options.waives = settings.secondary_off.has_value();
  return queue::open_sqlite_queue(std::move(options));
}

base::Result<std::unique_ptr<queue::EventQueue>> open_old_backlog_file(const config::Settings& settings,
                                                                       const config::TargetSettings& target) {
  queue::SqliteQueueOptions options = queue_options(settings);
  options.path = target.backlog_old_file.string();
  options.thread_name = "old-" + target.name;
  options.disk_reserve_bytes = 0;
  return queue::open_sqlite_queue(std::move(options));
}

base::Result<std::unique_ptr<queue::EventQueue>> open_sqlite_spool(const config::Settings& settings) {
  queue::SqliteQueueOptions options = queue_options(settings);
  options.path = (settings.data_dir / kSpoolFile).string();
  options.thread_name = "spool";
  options.messages_max = static_cast<std::uint64_t>(settings.sqs_spool_messages_max);
  return queue::open_sqlite_queue(std::move(options));
}

base::Result<std::unique_ptr<queue::RefusedStore>> open_refused_store(const config::Settings& settings) {
  queue::RefusedLimits limits;
  limits.bodies_max = static_cast<std::uint64_t>(settings.refused_bodies_max);
  limits.bytes_max = settings.refused_bytes_max;
  return queue::open_sqlite_refused_store((settings.data_dir / kRefusedFile).string(), limits);
}

base::Result<std::unique_ptr<quarantine::Quarantine>> open_sqlite_quarantine_file(const config::Settings& settings) {
  quarantine::SqliteQuarantineOptions options;
  options.path = (settings.data_dir / kQuarantineFile).string();
  return quarantine::open_sqlite_quarantine(std::move(options));
}

base::Result<std::unique_ptr<quarantine::Reader>> open_sqlite_quarantine_file_reader(const config::Settings& settings) {
  return quarantine::open_sqlite_quarantine_reader((settings.data_dir / kQuarantineFile).string());
}

base::Result<std::unique_ptr<warehouse::Warehouse>> open_sqlite_warehouse_driver(const config::Settings& /*settings*/,
                                                                                 const config::TargetSettings& target,
                                                                                 std::stop_token /*stop*/) {
  return warehouse::open_sqlite_warehouse(warehouse_options(target));
}

base::Result<std::unique_ptr<warehouse::SchemaAccess>> open_sqlite_schema_driver(const config::Settings& /*settings*/,
                                                                                 const config::TargetSettings& target) {
  return warehouse::open_sqlite_schema(warehouse_options(target));
}

}  // namespace twinshift::app
